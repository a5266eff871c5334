import { NotListeningError, StoppingError, UnsupportedError } from '../errors.js'
import { describeEnding, type Ending, type SpawnCommand } from '../process/subprocess.js'
import { Restarts } from './backoff.js'
import type { HeldListener } from './held-listeners.js'
import { Orders } from './orders.js'
import { Server, type ServerEvents, type ServerSettings } from './server.js'
import type { Share } from './share.js'

/** What a worker asks and tells. */
export interface WorkerEvents extends Omit<ServerEvents, 'changed' | 'startChild'> {
  /** The listeners that a server shall have that succeeds nobody. */
  inheritance(): HeldListener[]
  /** Whether the service is lost if this worker gives up. */
  isLastHope(): boolean
  changed(): void
  log(line: string): void
}

/** How long a server has to end itself when it is forced. Milliseconds. */
const FORCE_LIMIT = 1000

/** How long a reload waits for a server that does not serve, counted from the start of that server. Milliseconds. */
const SERVE_LIMIT = 30_000

/** One place at which a server serves: that server, its successor, and those that are on their way out. */
export class Worker {
  /** Whether it had no server when it was told to stop: how its last one had ended is another story. */
  wasDown = false
  readonly #events: WorkerEvents
  readonly #servers = new Set<Server>()
  readonly #restarts = new Restarts()
  readonly #orders = new Orders()
  /** What it takes to go on if the server dies; on its way out, a server says that it closes its listeners. */
  #kept: HeldListener[] = []
  #current: Server | undefined
  #pause: NodeJS.Timeout | undefined
  #isStarting = false
  /** Ends a server that does not come to serve; known from the ones before it. */
  #readyTimeout: number | undefined
  #bootTimer: NodeJS.Timeout | undefined
  /** Whether a server that cannot boot is worth another try. */
  #hasServed: boolean
  readonly #isAlone: boolean
  #waiting: Array<() => void> = []

  /**
   * @param isFirst - if its first server cannot boot, neither can the service
   * @param isAlone - if its server goes of its own accord, so does the service; else it is replaced
   */
  constructor(isFirst: boolean, isAlone: boolean, events: WorkerEvents) {
    this.#hasServed = !isFirst
    this.#isAlone = isAlone
    this.#events = events
  }

  /** The server that serves, or did so last, or is the first to come. */
  get current(): Server | undefined {
    return this.#current
  }

  /** The server that accepts now. */
  get accepting(): Server | undefined {
    return [this.#current?.child, this.#current].find((server) => server?.isServing)
  }

  /** The sockets that must stay open for it. */
  get kept(): readonly HeldListener[] {
    return this.#kept
  }

  /** Whether no other server will follow the one that it has. */
  get isLast(): boolean {
    return this.#orders.isStopping || (this.#isAlone && this.#current?.leaving === 'freely')
  }

  /** All sockets that one of its processes may still name. */
  get used(): HeldListener[] {
    return [...this.#kept, ...[...this.#servers].flatMap(({ listeners }) => listeners)]
  }

  /** How its last server has ended, once none is left and none will follow. */
  get ending(): Ending | undefined {
    const isOver = this.#orders.isStopping && !this.#isStarting && this.#servers.size === 0
    return isOver ? this.#current?.ending : undefined
  }

  /**
   * Starts a server that succeeds nobody.
   *
   * @throws {SpawnFailedError}
   */
  async start(command: SpawnCommand, generation: number): Promise<void> {
    this.#isStarting = true
    try {
      this.#become(await this.#add({ command, generation, inherited: this.#events.inheritance() }))
    } finally {
      this.#isStarting = false
    }
    this.#look()
  }

  /**
   * Begins this worker's share in a reload, as soon as it has a server that serves. One whose servers keep crashing is
   * started at once: perhaps the new code is better.
   *
   * @throws {StoppingError | NotListeningError | UnsupportedError}
   */
  async beginReload(reason: string): Promise<Share> {
    this.#promote()
    if (!this.#current?.isServing) await this.#untilServed(reason)
    if (this.#orders.isStopping) throw new StoppingError('stop')
    return (this.#current as Server).beginReload(reason)
  }

  /** Lets the server finish what it has in hand, and starts no other one. */
  stop(signal: NodeJS.Signals): void {
    this.wasDown = this.#current?.isAlive !== true
    this.#orders.stop(signal)
    this.#look()
  }

  /** Passes a signal on that means nothing to us. A server that ends by it has not crashed. */
  forward(signal: NodeJS.Signals): void {
    this.#promote()
    if (this.#orders.forward(signal, this.#current)) this.stop(signal)
  }

  /** Ends all that is left of it. */
  force(reason: string): void {
    this.#orders.isStopping = true
    for (const server of this.#servers) this.#orders.force(server, reason, FORCE_LIMIT)
    this.#look()
  }

  async #add(settings: ServerSettings): Promise<Server> {
    const { listening, asked, said, counted } = this.#events
    const server = await Server.start(settings, {
      listening,
      asked,
      said,
      counted,
      changed: () => this.#look(),
      startChild: async (parent, { child, command, generation, listeners }) =>
        this.#add({ command, generation, inherited: parent.find(listeners), parent: { server: parent, child } })
    })
    this.#servers.add(server)
    return server
  }

  /** Something has changed: what is to be done? */
  #look(): void {
    for (const server of this.#servers) if (!server.isAlive) this.#servers.delete(server)
    this.#promote()
    if (this.#orders.isStopping) this.#stop()
    const current = this.#current
    if (current !== undefined) this.#observe(current)
    if (current !== undefined && this.#isLost(current)) this.#replace(current)
    this.#wake()
    this.#events.changed()
  }

  #observe(current: Server): void {
    if (current.isServing) this.#hasServed = true
    this.#readyTimeout = current.service?.readyTimeout ?? this.#readyTimeout
    if (current.service !== undefined || !current.isAlive) clearTimeout(this.#bootTimer)
    // Of a server that will not be replaced, nothing is kept that it has closed: who comes now shall be refused.
    if (current.isServing || this.isLast) this.#kept = current.listeners
  }

  #stop(): void {
    clearTimeout(this.#pause)
    this.#pause = undefined
    this.#orders.passOn(this.#current)
    // Those that leave to it already would let idle connections take their time.
    for (const server of this.#servers) if (server.share?.isCommitted) this.#orders.hurry(server)
  }

  /** The successor is the server as soon as its parent cannot or will not come back. */
  #promote(): void {
    const current = this.#current
    const successor = current?.child
    if (successor === undefined || current === undefined) return
    const isLeft = !current.isAlive || (current.leaving === 'by error' && successor.isServing)
    if (current.share?.isCommitted || (isLeft && successor.isAlive)) this.#become(successor)
  }

  /** A server that hangs before it serves has nobody else who would end it. */
  #become(server: Server): void {
    this.#current = server
    this.#orders.forget()
    clearTimeout(this.#bootTimer)
    if (this.#readyTimeout === undefined || server.service !== undefined) return
    this.#bootTimer = setTimeout(() => {
      this.#events.log(`server ${server.pid} does not serve within ${this.#readyTimeout} ms: killing it`)
      server.kill('SIGKILL')
    }, this.#readyTimeout)
  }

  /**
   * A server that boots, or that will be started again after a pause, is waited for; another one may never serve.
   *
   * @throws {NotListeningError | UnsupportedError}
   */
  async #untilServed(reason: string): Promise<void> {
    const { begun = performance.now() } = this.#current ?? {}
    this.#events.log(`reload (${reason}): ${describeDelay(this.#current)}; waiting for a server that serves`)
    const late = new AbortController()
    late.signal.addEventListener('abort', () => this.#wake())
    const timer = setTimeout(() => late.abort(), Math.max(0, begun + SERVE_LIMIT - performance.now()))
    while (!late.signal.aborted && !this.#orders.isStopping && !this.#current?.isServing) {
      this.#restarts.forget()
      if (this.#pause !== undefined) this.#restart()
      await new Promise<void>((resolve) => this.#waiting.push(resolve))
    }
    clearTimeout(timer)
    if (!late.signal.aborted) return
    if (this.#current?.hasPlugin) throw new NotListeningError()
    throw new UnsupportedError('a server that has not loaded fastify-graceful-reload', 'register it in the app')
  }

  #wake(): void {
    for (const resume of this.#waiting.splice(0)) resume()
  }

  #isLost(current: Server): boolean {
    if (this.#orders.isStopping || this.#isStarting || this.#pause !== undefined) return false
    // One that dies of an error still finishes what it has in hand; its successor need not wait for that.
    const isGone = !current.isAlive || (current.leaving === 'by error' && current.service !== undefined)
    return isGone && !current.child?.isAlive
  }

  #replace(lost: Server): void {
    const how = lost.ending === undefined ? 'is leaving because of an error' : describeEnding(lost.ending)
    const isClean = lost.leaving === 'freely' || lost.ending?.exitCode === 0
    const isHopeless = !this.#hasServed || (isClean && this.#isAlone) || this.#orders.areObeyedBy(lost)
    const pause = isHopeless ? undefined : this.#restarts.crashed(performance.now() - lost.begun)
    if (pause === undefined && (isHopeless || this.#events.isLastHope())) {
      if (!isHopeless) this.#events.log(`server ${lost.pid} ${how}, as those before it did: giving up`)
      this.#orders.isStopping = true
      return
    }
    const wait = pause ?? this.#restarts.longestPause
    this.#events.log(`server ${lost.pid} ${how}: starting another one in ${wait} ms`)
    this.#pause = setTimeout(() => this.#restart(), wait)
  }

  #restart(): void {
    clearTimeout(this.#pause)
    this.#pause = undefined
    const { command, generation } = this.#current as Server
    this.start(command, generation).catch((error) => {
      this.#events.log(error.message)
      if (!this.#orders.isStopping) this.#pause = setTimeout(() => this.#restart(), this.#restarts.longestPause)
      this.#look()
    })
  }
}

function describeDelay(server: Server | undefined): string {
  if (server === undefined || !server.isAlive) return 'no server runs'
  if (server.leaving !== undefined) return `server ${server.pid} is leaving`
  return `server ${server.pid} ${server.hasPlugin ? 'does not serve yet' : 'has not loaded fastify-graceful-reload, or not yet'}`
}
