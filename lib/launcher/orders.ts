import type { Server } from './server.js'

/** Who sends one of these means the end. */
const LAST_SIGNALS: ReadonlySet<NodeJS.Signals> = new Set(['SIGTERM', 'SIGINT', 'SIGQUIT'])

/** What the server of a worker was told from outside, so that its end is not taken for a crash. */
export class Orders {
  /** No further server is to be started. */
  isStopping = false
  #stopSignal: NodeJS.Signals = 'SIGTERM'
  /** The server that has been told to stop. */
  #told: Server | undefined
  readonly #hurried = new WeakSet<Server>()
  /** What was passed on to the current server. */
  readonly #forwarded = new Set<NodeJS.Signals>()

  stop(signal: NodeJS.Signals): void {
    this.isStopping = true
    this.#stopSignal = signal
  }

  /** Passes on a signal that means nothing to us. Returns whether it is left to us, since nobody lives who could obey. */
  forward(signal: NodeJS.Signals, server: Server | undefined): boolean {
    this.#forwarded.add(signal)
    if (server?.isAlive) server.kill(signal)
    return !server?.isAlive && LAST_SIGNALS.has(signal)
  }

  /** Tells a server to stop, once: a parent that was told tells its child, but it may die before it has. */
  passOn(server: Server | undefined): void {
    if (server === undefined || server === this.#told) return
    this.#told = server
    if (server.isServing && server.service?.signals !== false) server.tell({ type: 'stop', reason: this.#stopSignal })
    else if (server.isAlive && server.leaving === undefined) server.kill(this.#stopSignal)
  }

  /** Tells a server that leaves already that the whole service ends, once. */
  hurry(server: Server): void {
    if (this.#hurried.has(server)) return
    this.#hurried.add(server)
    server.tell({ type: 'stop', reason: this.#stopSignal })
  }

  /** Ends a server now, which need not be told to stop any more. */
  force(server: Server, reason: string, limit: number): void {
    this.#told = server
    if (server.service === undefined) server.kill('SIGKILL')
    server.tell({ type: 'force', reason })
    setTimeout(() => server.kill('SIGKILL'), limit).unref()
  }

  /** Another server is the current one. */
  forget(): void {
    this.#forwarded.clear()
  }

  /** Whether a server has ended by a signal that was passed on to it, or may have. */
  areObeyedBy({ ending }: Server): boolean {
    const signals = [...this.#forwarded]
    return signals.some((signal) => LAST_SIGNALS.has(signal) || signal === ending?.signal)
  }
}
