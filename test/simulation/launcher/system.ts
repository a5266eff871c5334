import type {
  Effect,
  Input,
  Launcher,
  Order,
  ServerId,
  Step,
  Timer,
  Word,
  WorkerId
} from '../../../lib/protocol/launcher.js'
import type { Ask, ChildId } from '../../../lib/protocol/server.js'
import type { WorkerCount } from '../../../lib/protocol/worker-count.js'
import type { Outcome, ToChild, ToParent } from '../server/letters.js'
import type { Machine, Process, World } from '../server/world.js'
import type { Rules } from './rules.js'

/** A launcher with its servers: every one of them a machine. */

/** The machine under test. If it is not that of `lib/`, it is a mutant. */
export interface LauncherMachine {
  begin(count: number, isWatched?: boolean): Launcher
  step(launcher: Launcher, input: Input): Step
}

export interface Machines {
  readonly server: Machine
  readonly launcher: LauncherMachine
}

export type EffectOf<D extends Effect['do']> = Extract<Effect, { do: D }>
export type Ending = EffectOf<'end'>['ending']

/** What a server says to its launcher. */
export type Up =
  | { readonly type: 'word'; readonly word: Word }
  | { readonly type: 'to parent'; readonly letter: ToParent }
  | { readonly type: 'to child'; readonly child: ChildId; readonly letter: ToChild }
  | { readonly type: 'kill child'; readonly child: ChildId }
  | { readonly type: 'ask'; readonly ask: Ask }
  /** It has ended, and this is the last that is read. */
  | { readonly type: 'ended'; readonly ending: Ending }

/** What a launcher says to a server. */
export type Down =
  | { readonly type: 'order'; readonly order: Order }
  | { readonly type: 'undo' }
  | { readonly type: 'from parent'; readonly letter: ToChild }
  | { readonly type: 'from child'; readonly child: ChildId; readonly letter: ToParent }
  | { readonly type: 'child started' | 'child not started' | 'child ended'; readonly child: ChildId }
  | { readonly type: 'answered'; readonly ask: Ask; readonly outcome: Outcome }
  | { readonly type: 'launcher gone' }

/** One server of a launcher. */
export interface Member extends Process {
  readonly number: ServerId
  readonly worker: WorkerId
  /** The reload, counted from 1, for which it was started; 0: none. */
  readonly release: number
  readonly startedAt: number
  /** The launcher passes on what it and its parent say to each other. */
  isJoined: boolean
  /** The launcher knows about its end. */
  isBuried: boolean
  up: readonly Up[]
  down: readonly Down[]
  signals: readonly NodeJS.Signals[]
  /** When it last got a signal that its app keeps for itself. */
  signalledAt: number | undefined
  /** It owes an answer to a ping. */
  owes: boolean
  stalledAt: number
  /** It never continues. */
  isHung: boolean
  /** The code or the signal with which it has ended. */
  exit: number | NodeJS.Signals | undefined
  /** The outside has done something to it. */
  isHurt: boolean
  /** The ask for which it has a turn in a reload; 0: none. */
  turn: Ask
}

/** A server that is being started. */
export interface Start {
  readonly server: ServerId
  readonly parent: number
  readonly child: ChildId
  readonly worker: WorkerId
  readonly release: number
}

export interface LauncherTimer {
  readonly timer: Timer
  readonly id: number
  readonly at: number
}

/** A caller of the launcher: somebody outside (`process` is 0), or a server on behalf of its own caller. */
export interface Caller {
  readonly process: number
  readonly ask: Ask
  /** How many workers it wants; undefined: it wants a reload. */
  readonly wanted: WorkerCount | undefined
  /** How many servers there had been. */
  readonly born: number
  readonly at: number
  readonly outcome: 'success' | 'failure' | undefined
}

export interface System extends World {
  rules: Rules
  processes: Member[]
  readonly launcherMachine: LauncherMachine
  launcher: Launcher
  life: 'runs' | 'stalls' | 'ended' | 'dead'
  timers: readonly LauncherTimer[]
  starts: readonly Start[]
  callers: readonly Caller[]
  /** The reloads of which the service manager is told how they ended; each by its first caller. */
  noting: readonly (number | undefined)[]
  /** The server by whose app the launcher goes. */
  leader: ServerId | undefined
  /** The sockets are left to the servers. */
  isReleased: boolean
  rolls: number
  /** The release that all workers should have. */
  release: number
  /** A reload has failed when some servers had left already. */
  isMixed: boolean
  /** When the stop of the service began, and when the launcher ended. */
  stoppedAt: number | undefined
  endedAt: number | undefined
}

export function memberOf(system: System, number: ServerId | undefined): Member | undefined {
  return system.processes.find((member) => member.number === number)
}
