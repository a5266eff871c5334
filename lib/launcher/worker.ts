import { describeEnding, type Ending, type SpawnCommand } from '../base/channel-process.js'
import { StoppingError } from '../base/errors.js'
import { Restarts } from '../pure/restarts.js'
import type { HeldListener } from '../resources/held-listeners.js'
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

/** One place at which a server serves: that server, its successor, and those that are on their way out. */
export class Worker {
  readonly #events: WorkerEvents
  readonly #servers = new Set<Server>()
  readonly #restarts = new Restarts()
  /** What it takes to go on if the server dies; on its way out, a server says that it closes its listeners. */
  #kept: HeldListener[] = []
  #current: Server | undefined
  #pause: NodeJS.Timeout | undefined
  #isStarting = false
  #isStopping = false
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

  /** The sockets that must stay open for it. */
  get kept(): readonly HeldListener[] {
    return this.#kept
  }

  /** All sockets that one of its processes may still name. */
  get used(): HeldListener[] {
    return [...this.#kept, ...[...this.#servers].flatMap(({ listeners }) => listeners)]
  }

  /** How its last server has ended, once none is left and none will follow. */
  get ending(): Ending | undefined {
    return this.#isStopping && !this.#isStarting && this.#servers.size === 0 ? this.#current?.ending : undefined
  }

  /** Starts a server that succeeds nobody. */
  async start(command: SpawnCommand, generation: number): Promise<void> {
    this.#isStarting = true
    const server = await this.#add({ command, generation, inherited: this.#events.inheritance() })
    this.#current = server
    this.#isStarting = false
    // Told to in the meantime.
    if (this.#isStopping) server.kill('SIGTERM')
    this.#look()
  }

  /**
   * Begins this worker's share in a reload, as soon as it has a server that serves. One whose servers keep crashing is
   * started at once: perhaps the new code is better.
   *
   * @throws {StoppingError}
   */
  async beginReload(reason: string): Promise<Share> {
    while (!this.#isStopping && !this.#current?.isServing) {
      this.#restarts.forget()
      if (this.#pause !== undefined) this.#restart()
      await new Promise<void>((resolve) => this.#waiting.push(resolve))
    }
    if (this.#isStopping) throw new StoppingError('stop')
    return (this.#current as Server).beginReload(reason)
  }

  /** Lets the server finish what it has in hand, and starts no other one. */
  stop(signal: NodeJS.Signals): void {
    this.#isStopping = true
    clearTimeout(this.#pause)
    this.#pause = undefined
    this.#promote() // The parent may be told to leave, and not have done so yet.
    const current = this.#current
    if (current?.isServing && current.service?.signals !== false) current.tell({ type: 'stop', reason: signal })
    else if (current?.isAlive && current.leaving === undefined) current.kill(signal)
    this.#look()
  }

  /** Passes a signal on that means nothing to us. */
  forward(signal: NodeJS.Signals): void {
    if (this.#current?.isAlive) this.#current.kill(signal)
  }

  /** Ends all that is left of it. */
  force(reason: string): void {
    this.#isStopping = true
    for (const server of this.#servers) {
      if (server.service === undefined) server.kill('SIGKILL')
      server.tell({ type: 'force', reason })
      setTimeout(() => server.kill('SIGKILL'), FORCE_LIMIT).unref()
    }
  }

  async #add(settings: ServerSettings): Promise<Server> {
    const { listening, asked, said } = this.#events
    const server = await Server.start(settings, {
      listening,
      asked,
      said,
      changed: () => this.#look(),
      startChild: (parent, { command, generation, listeners }) =>
        this.#add({ command, generation, inherited: parent.find(listeners), parent })
    })
    this.#servers.add(server)
    return server
  }

  /** Something has changed: what is to be done? */
  #look(): void {
    for (const server of this.#servers) if (!server.isAlive) this.#servers.delete(server)
    this.#promote()
    const current = this.#current
    if (current?.isServing) this.#hasServed = true
    // Of a server that will not be replaced, nothing is kept that it has closed: who comes now shall be refused.
    const isLast = this.#isStopping || (this.#isAlone && current?.leaving === 'freely')
    if (current !== undefined && (current.isServing || isLast)) this.#kept = current.listeners
    if (current !== undefined && this.#isLost(current)) this.#replace(current)
    for (const resume of this.#waiting.splice(0)) resume()
    this.#events.changed()
  }

  /** The successor is the server as soon as its parent cannot or will not come back. */
  #promote(): void {
    const current = this.#current
    const successor = current?.child
    if (successor === undefined || current === undefined) return
    if (current.share?.isCommitted || (!current.isAlive && successor.isAlive)) this.#current = successor
  }

  #isLost(current: Server): boolean {
    if (this.#isStopping || this.#isStarting || this.#pause !== undefined) return false
    // One that dies of an error still finishes what it has in hand; its successor need not wait for that.
    const isGone = !current.isAlive || (current.leaving === 'by error' && current.service !== undefined)
    return isGone && !current.child?.isAlive
  }

  #replace(lost: Server): void {
    const how = lost.ending === undefined ? 'is leaving because of an error' : describeEnding(lost.ending)
    const isClean = lost.leaving === 'freely' || lost.ending?.exitCode === 0
    const isHopeless = !this.#hasServed || (isClean && this.#isAlone)
    const pause = isHopeless ? undefined : this.#restarts.crashed(performance.now() - lost.begun)
    if (pause === undefined && (isHopeless || this.#events.isLastHope())) {
      if (!isHopeless) this.#events.log(`server ${lost.pid} ${how}, as those before it did: giving up`)
      this.#isStopping = true
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
      this.#isStarting = false
      this.#events.log(error.message)
      this.#pause = setTimeout(() => this.#restart(), this.#restarts.longestPause)
    })
  }
}
