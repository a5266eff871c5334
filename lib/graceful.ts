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

/**
 * The decorator `app.graceful`: what this process is doing, and what an app can ask of this plugin. It is there after
 * `await app.register(graceful)`.
 */
export class Graceful {
  readonly #server: ServerProcess
  readonly #hosted: HostedApp

  constructor(server: ServerProcess, hosted: HostedApp) {
    this.#server = server
    this.#hosted = hosted
  }

  /**
   * What this process is doing now.
   *
   * @example
   * app.get('/phase', async () => ({ phase: app.graceful.phase }))
   */
  get phase(): Phase {
    return this.#server.apps.phaseOf(this.#hosted)
  }

  /**
   * 1, 2, 3 …: one more than the number of reloads before this process.
   *
   * @example
   * app.log.info(`this is generation ${app.graceful.generation}`)
   */
  get generation(): number {
    return this.#server.generation
  }

  /**
   * Whether this process is the child of a check, and ends without having served. If so, do not start what works
   * beside the requests: a schedule, a consumer of a queue, a migration of the database.
   *
   * @example
   * if (!app.graceful.isCheck) await startQueueConsumer()
   */
  get isCheck(): boolean {
    return this.#server.isCheck
  }

  /**
   * Returns the figures of this process and of the reloads before it, as `GET /metrics` of the control socket has them:
   * for an app that has metrics of its own. Plain JSON; durations are milliseconds. Each call looks at all open
   * connections.
   *
   * @example
   * app.get('/stats', async () => app.graceful.stats())
   */
  stats(): GracefulStats {
    return this.#server.stats(this.phase)
  }

  /**
   * Aborts when draining begins, on a reload and on a stop: end streams and long polls on it.
   *
   * @example
   * app.graceful.signal.addEventListener('abort', () => stream.end())
   */
  get signal(): AbortSignal {
    return this.#hosted.signal
  }

  /**
   * Lets a drain wait for work in the background. It waits for at most `drainTimeout` (default 25000 milliseconds), or
   * after a reload for at most `reloadDrainTimeout` (default 300000 milliseconds).
   *
   * @example
   * const done = app.graceful.hold('sending a mail')
   * sendMail().catch((error) => app.log.error(error)).finally(done)
   *
   * @param name - for the log, if the drain is forced
   * @returns the function that releases the hold; a second call does nothing
   */
  hold(name: string): () => void {
    return this.#hosted.holds.hold(String(name))
  }

  /**
   * Makes a further server of this process listen. It is handed over and drained like the server of the app.
   *
   * @example
   * const { port } = await app.graceful.listen(net.createServer(serve), { port: 7000 })
   *
   * @param server - a `net.Server`, `http.Server` or the like that does not listen yet
   * @param options - as of `server.listen`: https://nodejs.org/api/net.html#serverlistenoptions-callback
   * @returns the address, as of `server.address()`
   * @throws {Error} as a rejection, the error of `server.listen`, such as `EADDRINUSE`
   */
  async listen(server: Server, options: ListenOptions & { port: number; fd?: never }): Promise<AddressInfo>
  /**
   * Makes a further server of this process listen, on a unix socket for example. It is handed over and drained like the
   * server of the app.
   *
   * @example
   * await app.graceful.listen(net.createServer(serve), { path: '/run/app/socket' })
   *
   * @param server - a `net.Server`, `http.Server` or the like that does not listen yet
   * @param options - as of `server.listen`: https://nodejs.org/api/net.html#serverlistenoptions-callback
   * @returns the address, as of `server.address()`
   * @throws {Error} as a rejection, the error of `server.listen`, such as `EADDRINUSE`
   */
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
   * @example
   * socket.on('close', () => app.graceful.hasMoved(socket) || room.leave(socket))
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
   * @example
   * if (!app.graceful.hasArrived(request)) socket.send('welcome')
   *
   * @param request - as the route's handler received it
   */
  hasArrived(request: FastifyRequest | IncomingMessage): boolean {
    return this.arrival(request) !== undefined
  }

  /**
   * Returns what came along with a WebSocket that has moved here from an earlier generation: the `state` that the
   * function `config.graceful.move` of its route returned there. Undefined for a WebSocket that was opened here.
   *
   * @example
   * counts.set(socket, app.graceful.arrival(request)?.state.count ?? 0)
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
   * `websocketCloseWindow` left (default 1000 milliseconds). Then it is closed with 1012 (Service Restart), and the
   * client connects again.
   *
   * @example
   * const unpin = app.graceful.pin(socket)
   * answer(data).then((text) => socket.send(text), (error) => app.log.error(error)).finally(unpin)
   *
   * @param socket - as the route's handler received it
   * @returns the function that takes this pin out again; a second call does nothing
   */
  pin(socket: object): () => void {
    return this.#server.webSockets.pin(socket)
  }

  /**
   * Stops as a stop signal does: drains, closes the apps, and ends the process with 0, or with 1 if work in progress
   * had to be cut off. The drain may take `drainTimeout` (default 25000 milliseconds).
   *
   * @example
   * app.graceful.stop('out of memory')
   *
   * @param reason - for the log. Default: `'stop()'`
   * @throws {InvalidReasonError} `GRACEFUL_ERR_INVALID_REASON` if it is no string
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
   * @example
   * const { release } = await app.graceful.check({ reason: 'before the deploy' })
   *
   * @param options - `reason`, for the log. Default: `'graceful.check()'`
   * @throws {InvalidArgumentError} as a rejection, `GRACEFUL_ERR_INVALID_ARGUMENT` if it is given anything but an
   *   object with a reason
   * @throws {InvalidReasonError} as a rejection, `GRACEFUL_ERR_INVALID_REASON` if the reason is no string
   */
  async check(options?: { reason?: string }): Promise<CheckResult> {
    return this.#server.check(reasonOf(options, 'graceful.check()'))
  }

  /**
   * Gives up, within the probation (default 3000 milliseconds): the parent serves again, and this process finishes its
   * requests in progress and ends.
   *
   * @example
   * app.graceful.rollback('no database')
   *
   * @param reason - part of the error with which the reload is rejected. Default: `'rollback()'`
   * @throws {NotOnProbationError} `GRACEFUL_ERR_NOT_ON_PROBATION` if there is no parent to go back to, or it is too
   *   late
   * @throws {InvalidReasonError} `GRACEFUL_ERR_INVALID_REASON` if the reason is no string
   */
  rollback(reason = 'rollback()'): void {
    this.#server.rollBack(checkReason(reason, 'rollback()'))
  }

  /**
   * Adds a hook. Hooks are awaited, in the order in which they were added; `preSignal` and `postSignal` are not.
   *
   * @example
   * app.graceful.addHook('drain', async () => queue.close())
   *
   * @param name - which one: {@link GracefulHooks} says when each runs
   * @throws {InvalidHookError} `GRACEFUL_ERR_INVALID_HOOK` if there is no hook of that name, or `hook` is no function
   */
  addHook<H extends keyof GracefulHooks>(name: H, hook: GracefulHooks[H]): void {
    this.#hosted.hooks.add(name, hook)
  }
}
