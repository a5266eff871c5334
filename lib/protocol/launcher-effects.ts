import type { Ending } from '../process/channel-process.js'
import type { Timer } from './launcher-inputs.js'
import type { Ask, Failure, Launcher, Server, ServerId, Turn, WorkerId } from './launcher-state.js'

/** The effects of the machine of a launcher. */

/** What a launcher tells a server. */
export type Order =
  | { readonly type: 'ping' | 'commit' | 'parent ended' }
  | { readonly type: 'make reload' | 'stop' | 'force'; readonly reason: string }
  /** Stop, as one of several that share their sockets. */
  | { readonly type: 'leave'; readonly reason: string }

/** What a launcher does about it. */
export type Effect =
  /**
   * `step`: what a worker has to do; `awaits`: of a reload that waits for a server, what its present one has to do
   * first; `crashes`: see {@link Worker}.
   */
  | {
      readonly do: 'wait'
      readonly timer: Timer
      readonly id: number
      readonly step?: Turn['stage']
      readonly awaits?: 'boot' | 'end' | undefined
      readonly crashes?: number
    }
  | { readonly do: 'cancel'; readonly timer: Timer; readonly id: number }
  /** Waits (`restart`) before another server replaces this one. `crashes`: see {@link Worker}. */
  | { readonly do: 'pause'; readonly worker: WorkerId; readonly crashes: number; readonly lost: ServerId }
  /**
   * Starts a server without a predecessor. `like`: with the command of that server; `previous`: the last one of its
   * worker; `isNew`: as its next generation.
   */
  | {
      readonly do: 'start'
      readonly server: ServerId
      readonly like: ServerId | undefined
      readonly previous: ServerId | undefined
      readonly isNew: boolean
    }
  /** Starts the successor that a server has requested. */
  | { readonly do: 'start child'; readonly server: ServerId; readonly parent: ServerId; readonly child: number }
  | { readonly do: 'refuse child'; readonly parent: ServerId; readonly child: number }
  | { readonly do: 'tell'; readonly server: ServerId; readonly order: Order }
  | { readonly do: 'undo'; readonly server: ServerId; readonly failure: Failure }
  | { readonly do: 'kill'; readonly server: ServerId; readonly signal: NodeJS.Signals }
  /** A server has ended: its timers no longer matter. */
  | { readonly do: 'forget'; readonly server: ServerId }
  /** Leaves the sockets to the servers that listen on them. */
  | { readonly do: 'release' }
  /** Applies what the app of this server has chosen. */
  | { readonly do: 'follow'; readonly server: ServerId; readonly isFirst: boolean; readonly isReloading: boolean }
  /** Tells the service manager. */
  | { readonly do: 'note reload' | 'note stop' }
  /** `ask`: the first one of the reload, which names it. */
  | { readonly do: 'note end'; readonly ask: Ask | undefined; readonly failure: Failure | undefined }
  | { readonly do: 'answer'; readonly asks: readonly Ask[]; readonly reason: string; readonly outcome: Outcome }
  | ({ readonly do: 'log' } & Notice)
  | { readonly do: 'end'; readonly ending: Ending }

/** How a reload ended, or another change. `turns`: what each worker did. */
export type Outcome =
  | { readonly turns: readonly Turn[] }
  | { readonly before: number; readonly workers: number }
  | { readonly failure: Failure }
  /** The number of workers stays as it was. */
  | { readonly unscaled: Failure }

/** A line for the log. */
export type Notice =
  | { readonly about: 'queued' | 'queued behind scaling' | 'scale queued'; readonly reason: string }
  /** The number of workers begins to change, has done so, or stays. */
  | {
      readonly about: 'scaling' | 'scaled' | 'not scaled'
      readonly reason: string
      readonly before: number
      readonly target: number
    }
  | { readonly about: 'waiting'; readonly reason: string; readonly server: Server | undefined }
  | { readonly about: 'hung'; readonly reason: string; readonly server: ServerId }
  | { readonly about: 'held'; readonly server: ServerId }
  | { readonly about: 'not started'; readonly error: unknown }
  | { readonly about: 'no boot'; readonly server: ServerId; readonly crashes: number }
  | {
      readonly about: 'late' | 'silent' | 'answers' | 'deaf' | 'no stop' | 'no end'
      readonly server: ServerId
    }

/** The new state, and the effects, in this order. */
export type Step = readonly [Launcher, readonly Effect[]]
