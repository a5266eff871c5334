import { once } from 'node:events'
import type { IncomingMessage } from 'node:http'
import type { AddressInfo, ListenOptions, Server } from 'node:net'
import type { FastifyRequest } from 'fastify'
import type { GracefulStats } from './metrics/stats.js'
import type { GracefulHooks } from './process/hooks.js'
import type { HostedApp } from './process/hosted-app.js'
import { checkReason, reasonOf } from './process/reason.js'
import type { ServerProcess } from './process/server-process.js'
import type { Phase } from './protocol/phases.js'
import type { CheckResult } from './reload/check-result.js'

/** The decorator `app.graceful`. */
export class Graceful {
  readonly #server: ServerProcess
  readonly #hosted: HostedApp

  constructor(server: ServerProcess, hosted: HostedApp) {
    this.#server = server
    this.#hosted = hosted
  }

  /** What this process is doing now. */
  get phase(): Phase {
    return this.#server.apps.phaseOf(this.#hosted)
  }

  /** One more than the number of reloads before this process. */
  get generation(): number {
    return this.#server.generation
  }

  /**
   * Whether this process only shows whether it could take over, and ends without having served: what works beside the
   * requests (a schedule, a consumer of a queue, a migration of the database) should not begin here.
   */
  get isCheck(): boolean {
    return this.#server.isCheck
  }

  /**
   * The figures of this process and of the reloads before it, as `GET /metrics` of the control socket has them: for an
   * app that has metrics of its own. Plain JSON; each call looks at all open connections.
   */
  stats(): GracefulStats {
    return this.#server.stats(this.phase)
  }

  /** Aborts when draining begins: end streams and long polls on it. */
  get signal(): AbortSignal {
    return this.#hosted.signal
  }

  /**
   * Lets a drain wait for work in the background, within `drainTimeout`.
   *
   * @param name - for the log, should the drain be forced
   * @returns what releases the hold
   */
  hold(name: string): () => void {
    return this.#hosted.holds.hold(String(name))
  }

  /**
   * Makes a further server of this process listen: it is handed over and drained like the app's own.
   *
   * @param server - a `net.Server`, `http.Server` or the like that does not listen yet
   * @param options - as of `server.listen`: https://nodejs.org/api/net.html#serverlistenoptions-callback
   * @returns the address, as of `server.address()`
   * @throws {Error} the error of `listen`, e.g. EADDRINUSE
   */
  async listen(server: Server, options: ListenOptions & { port: number; fd?: never }): Promise<AddressInfo>
  async listen(server: Server, options: ListenOptions): Promise<AddressInfo | string | null>
  async listen(server: Server, options: ListenOptions): Promise<AddressInfo | string | null> {
    this.#server.apps.own(server, this.#hosted)
    const listening = once(server, 'listening')
    server.listen({ ...options })
    await listening
    this.#server.apps.listeningBeside(this.#hosted)
    return server.address()
  }

  /**
   * Whether a WebSocket has moved to the next generation. Ask in its `close` handler, which is also called then,
   * although the client is still connected and has noticed nothing.
   *
   * @param socket - as the route's handler received it
   */
  hasMoved(socket: object): boolean {
    return this.#server.webSockets.hasMoved(socket)
  }

  /**
   * Whether the WebSocket of a request was opened in an earlier generation and has moved here. The route's handler is
   * called with the original request and a fresh socket then: the client has been greeted already.
   *
   * @param request - as the route's handler received it
   */
  hasArrived(request: FastifyRequest | IncomingMessage): boolean {
    return this.arrival(request) !== undefined
  }

  /**
   * What came along with a WebSocket that has moved here from an earlier generation: the `state` that the function
   * `config.graceful.move` of its route returned there. Undefined for a WebSocket that was opened here.
   *
   * @param request - as the route's handler received it
   */
  // biome-ignore lint/suspicious/noExplicitAny: only the app knows what an earlier version of it has handed along
  arrival<State = any>(request: FastifyRequest | IncomingMessage): { readonly state: State } | undefined {
    const arrival = this.#server.webSockets.arrival('raw' in request ? request.raw : request)
    return arrival as { readonly state: State } | undefined
  }

  /**
   * Keeps a WebSocket in this process that would otherwise move, for example while a message waits for its answer,
   * which only this process knows. After a reload, a WebSocket that is still pinned at the end of the probation has
   * `websocketCloseWindow` left. Then it is closed with 1012 (Service Restart), and the client connects again.
   *
   * @param socket - as the route's handler received it
   * @returns what takes this pin out again
   */
  pin(socket: object): () => void {
    return this.#server.webSockets.pin(socket)
  }

  /**
   * Drains and stops, then ends the process with 0, or with 1 if work in progress had to be cut off.
   *
   * @throws {InvalidReasonError} `GRACEFUL_ERR_INVALID_REASON`
   */
  stop(reason = 'stop()'): void {
    this.#server.stop(checkReason(reason, 'stop()'))
  }

  /**
   * Checks whether a reload would succeed: a child boots as in a reload, but never accepts, and ends. This process goes
   * on serving.
   *
   * Rejects with a {@link GracefulError}: the one with which the reload would have failed, or `GRACEFUL_ERR_NO_CHECK`
   * if the check has no result, because a reload or another check is in progress, or a reload or a stop was requested
   * meanwhile.
   *
   * @throws {InvalidArgumentError} as a rejection, when it is given anything else than an object with a reason, or
   *   nothing
   */
  async check(options?: { reason?: string }): Promise<CheckResult> {
    return this.#server.check(reasonOf(options, 'graceful.check()'))
  }

  /**
   * Gives up, within the probation: the parent serves again, and this process finishes its requests in progress and
   * ends.
   *
   * @param reason - becomes part of the error with which the reload is rejected
   * @throws {NotOnProbationError} `GRACEFUL_ERR_NOT_ON_PROBATION` when there is no parent to go back to, or it is too
   *   late
   * @throws {InvalidReasonError} `GRACEFUL_ERR_INVALID_REASON`
   */
  rollback(reason = 'rollback()'): void {
    this.#server.rollBack(checkReason(reason, 'rollback()'))
  }

  /**
   * Adds a hook. Hooks are awaited, in the order in which they were added; `preSignal` and `postSignal` are not.
   *
   * @throws {InvalidHookError} `GRACEFUL_ERR_INVALID_HOOK`
   */
  addHook<H extends keyof GracefulHooks>(name: H, hook: GracefulHooks[H]): void {
    this.#hosted.hooks.add(name, hook)
  }
}
