import type { RestartStatus } from '../control/reports.js'
import type { Counts } from '../metrics/counts.js'
import {
  acceptingOf,
  currentOf,
  isServing,
  type Launcher,
  type Roll,
  type ServerId,
  type WorkerId
} from '../protocol/launcher.js'
import { formerOf } from '../protocol/launcher-former-servers.js'
import type { LauncherHost } from './launcher-host.js'
import { SILENCE } from './limits.js'
import type { Restarts } from './restarts.js'
import type { Server } from './server.js'
import type { Servers } from './servers.js'

/** A server process as one of a worker. */
export interface Member {
  /** The place of the worker among the others, from 0 on; -1: the worker is no longer there. */
  readonly place: number
  readonly server: Server
  /** It is the one that stands for the worker: it serves, or did so last. */
  readonly isCurrent: boolean
  readonly isAccepting: boolean
}

/** The workers of a launcher with their servers, as they are now. */
export class Roster {
  readonly #host: LauncherHost
  readonly #servers: Servers
  readonly #restarts: Restarts

  constructor(host: LauncherHost, servers: Servers, restarts: Restarts) {
    this.#host = host
    this.#servers = servers
    this.#restarts = restarts
  }

  /** How many workers there are; new ones that have yet to serve are among them. */
  get count(): number {
    return this.#state.workers.length
  }

  /** The server of each worker that has had one: the one that serves, or did so last. */
  get current(): Server[] {
    return this.#state.workers.flatMap(({ current }) => this.#servers.find(current) ?? [])
  }

  /**
   * The process of each worker that serves its clients, or did so last: within a probation the successor. `restarts`:
   * how often the launcher has started another one there, and how the last one ended.
   */
  get places(): Array<{ id: WorkerId; server: Server; restarts: RestartStatus }> {
    return this.#state.workers.flatMap(({ id, current, next }) => {
      const accepting = acceptingOf(this.#state, id)?.id
      const server = this.#servers.find(accepting) ?? this.#servers.find(current)
      return server === undefined ? [] : [{ id, server, restarts: this.#restarts.of(id, next === 'pausing') }]
    })
  }

  /** All processes that live, or stand for a worker. */
  get members(): Member[] {
    const state = this.#state
    return state.servers.flatMap(({ id, worker }) => {
      const server = this.#servers.find(id)
      const place = state.workers.findIndex((one) => one.id === worker)
      const isCurrent = state.workers[place]?.current === id
      if (server === undefined || !(server.isAlive || isCurrent)) return []
      return [{ place, server, isCurrent, isAccepting: acceptingOf(state, worker)?.id === id }]
    })
  }

  /** The counts of all processes, including ended ones. */
  get counts(): Counts {
    return this.#servers.counts
  }

  /** Servers that have served and are not that of a worker; of each, whether it is certain that it leaves. */
  get former(): Array<{ server: Server; leaves: boolean }> {
    return formerOf(this.#state).flatMap(({ id, leaves }) => {
      const server = this.#servers.find(id)
      return server === undefined ? [] : [{ server, leaves }]
    })
  }

  /** The reload that follows the one in progress. */
  get queued(): { reason: string } | null {
    const { queued } = this.#state
    return queued === undefined ? null : { reason: queued.reason }
  }

  /** The reload of all of them that is in progress. */
  get roll(): Roll | undefined {
    return this.#state.roll
  }

  /** A server by its number, if it is still spoken of. */
  find(id: ServerId | undefined): Server | undefined {
    return this.#servers.find(id)
  }

  /** Whether they stop, or have ended. */
  get areLeaving(): boolean {
    return this.#state.phase !== 'running'
  }

  /** The servers that serve, have no reload in progress, and answer. */
  get answering(): Server[] {
    return this.serving.filter(({ owesAnswer }) => owesAnswer < SILENCE)
  }

  /** The servers that serve. */
  get serving(): Server[] {
    return this.#state.workers.flatMap(({ id }) => {
      const server = currentOf(this.#state, id)
      return isServing(server) ? (this.#servers.find(server.id) ?? []) : []
    })
  }

  /** The servers that accept, and answer. */
  get accepting(): Server[] {
    return this.#state.workers.flatMap(({ id }) => {
      const server = acceptingOf(this.#state, id)
      return server === undefined || server.isSilent ? [] : (this.#servers.find(server.id) ?? [])
    })
  }

  get #state(): Launcher {
    return this.#host.state
  }
}
