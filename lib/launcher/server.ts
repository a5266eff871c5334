import type { ProcessStatus } from '../control/messages.js'
import { SpawnFailedError, toPlainError } from '../errors.js'
import type { ConnectionHandle } from '../internals/connection-handle.js'
import type { ListeningHandle } from '../internals/listening-handle.js'
import { ChannelProcess, type Ending, type SpawnCommand } from '../process/subprocess.js'
import {
  type ConnectionsWord,
  type FromLauncher,
  isConnectionsWord,
  sealForLauncher,
  type ToLauncher,
  unsealFromLauncher
} from '../protocol/launcher-messages.js'
import { seal, type TicketKeys, type ToChild, type ToParent, unseal } from '../protocol/messages.js'
import { encodeLaunch, FIRST_LISTENER_FD, HANDOFF_VARIABLE } from '../reload/handoff.js'
import type { HeldListener } from './held-listeners.js'
import { Share } from './share.js'

/** How long a server may take to say how it is. Milliseconds. */
const REPORT_LIMIT = 1000

type StartChild = Extract<ToLauncher, { type: 'start child' }>
type TellChild = Extract<ToLauncher, { type: 'tell child' }>
type Service = Extract<ToLauncher, { type: 'serves' }>

/** What a server asks and tells whoever keeps it. */
export interface ServerEvents {
  /** It has a listener that nobody has had before: to be held from now on. */
  listening(listener: HeldListener): void
  /** It serves, leaves, has ended, or its listeners have changed. */
  changed(): void
  /** Somebody asks for a reload of the whole service. */
  asked(server: Server, id: number, reason: string): void
  startChild(parent: Server, message: StartChild): Promise<Server>
  /** It tells of its connections. */
  counted(server: Server, word: ConnectionsWord, handle: ConnectionHandle | undefined): void
  /** It has said something that is meant for somebody else. */
  said(raw: unknown): void
}

/** How to start a server. */
export interface ServerSettings {
  command: SpawnCommand
  generation: number
  inherited: readonly HeldListener[]
  /** The server that it will succeed, with its number for this one; none if there is nobody to succeed. */
  parent?: { server: Server; child: number }
}

type Family = NonNullable<ServerSettings['parent']>

/** One server process, as its launcher sees it. */
export class Server {
  readonly command: SpawnCommand
  readonly generation: number
  /** On the clock of `performance.now()`. */
  readonly begun = performance.now()
  /** What it told when it began to serve. */
  service: Service | undefined
  /** It is on its way out: of its own accord, or because of an error that nobody caught. */
  leaving: 'freely' | 'by error' | undefined
  /** How it has ended, when all that it said has been heard. */
  ending: Ending | undefined
  /** Whether it can be talked to. */
  hasPlugin = false
  /** The last successor that it has started. */
  child: Server | undefined
  readonly #children = new Map<number, Server>()
  /** The reload that it makes, or has made. */
  share: Share | undefined
  /** While that lives. */
  #parent: ServerSettings['parent']
  readonly #events: ServerEvents
  readonly #inherited: readonly HeldListener[]
  readonly #listeners = new Map<number, HeldListener>()
  readonly #reports: Array<(status: ProcessStatus) => void> = []
  #process!: ChannelProcess

  private constructor({ command, generation, inherited, parent }: ServerSettings, events: ServerEvents) {
    this.command = command
    this.generation = generation
    this.#parent = parent
    this.#inherited = inherited
    this.#events = events
  }

  /** @throws {SpawnFailedError} */
  static async start(settings: ServerSettings, events: ServerEvents): Promise<Server> {
    const server = new Server(settings, events)
    const { command, generation, inherited, parent } = settings
    const entries = inherited.map(({ key, address, activated = false }, index) => {
      return { fd: FIRST_LISTENER_FD + index, key, address, ...(activated && { activated }) }
    })
    const flag = encodeLaunch(process.pid, generation, entries)
    const flagged = { ...command, env: { ...command.env, [HANDOFF_VARIABLE]: flag } }
    const fds = inherited.map(({ handle }) => handle.fd)
    server.#process = await ChannelProcess.start(flagged, fds, (raw, handle) => server.#hear(raw, handle))
    server.#process.ended.then((ending) => server.#end(ending))
    if (parent !== undefined) parent.server.#adopt(parent.child, server)
    return server
  }

  get pid(): number {
    return this.#process.pid
  }

  get isAlive(): boolean {
    return this.ending === undefined
  }

  /** It accepts, and has not said that it will leave. */
  get isServing(): boolean {
    return this.isAlive && this.service !== undefined && this.leaving === undefined
  }

  /** What it listens on. */
  get listeners(): HeldListener[] {
    return this.isAlive ? [...this.#listeners.values()] : []
  }

  /**
   * The listeners with these ids.
   *
   * @throws {SpawnFailedError} when one of them has not arrived here
   */
  find(ids: readonly number[]): HeldListener[] {
    return ids.map((id) => {
      const listener = this.#listeners.get(id)
      if (listener !== undefined) return listener
      throw new SpawnFailedError('a child', 'the launcher was out of file descriptors when a listener was opened')
    })
  }

  #adopt(id: number, child: Server): void {
    this.child = child
    this.#children.set(id, child)
  }

  /** The id of a listener of this server; undefined if it does not have it. */
  idOf(listener: HeldListener): number | undefined {
    return [...this.#listeners].find(([, one]) => one === listener)?.[0]
  }

  kill(signal: NodeJS.Signals): void {
    this.#process.kill(signal)
  }

  tell(message: FromLauncher, handle?: ListeningHandle): void {
    this.#send(sealForLauncher(message), handle)
  }

  /** What the server says of itself; undefined when it does not answer in time. */
  report(): Promise<ProcessStatus | undefined> {
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, REPORT_LIMIT, undefined)
      // Answers come in the order of the questions, also late ones.
      this.#reports.push((status) => {
        clearTimeout(timer)
        resolve(status)
      })
      this.tell({ type: 'report' })
    })
  }

  /** Says something, with a handle that stays open here. Rejects when it is certainly not sent. */
  lend(message: FromLauncher, handle?: object): Promise<void> {
    return this.#process.send(sealForLauncher(message), handle)
  }

  /** Asks for this server's share in a reload. */
  beginReload(reason: string): Share {
    this.share = new Share((message) => this.tell(message))
    this.tell({ type: 'make reload', reason })
    return this.share
  }

  /** That something could not be sent is told by the end of the process. The handle is a duplicate, which is done with. */
  #send(sealed: object, handle?: ListeningHandle): void {
    const close = () => handle?.close()
    this.#process.send(sealed, handle).then(close, close)
  }

  #hear(raw: unknown, handle: unknown): void {
    const toLauncher = unsealFromLauncher<ToLauncher>(raw)
    const toParent = unseal<ToParent>(raw)
    const duplicate = handle as ListeningHandle | undefined
    if (toLauncher !== undefined) this.#obey(toLauncher, duplicate)
    else if (toParent === undefined) this.#events.said(raw)
    else if (this.#parent === undefined) this.#beParent(toParent, duplicate)
    else this.#tellParent(this.#parent, toParent, duplicate)
  }

  #tellParent({ server, child }: Family, message: ToParent, handle: ListeningHandle | undefined): void {
    if (message.type === 'roll back' && server.child === this) server.share?.spoil()
    server.tell({ type: 'child said', child, message }, handle)
  }

  #obey(message: ToLauncher, handle: ListeningHandle | undefined): void {
    if (message.type === 'hello') this.hasPlugin = true
    else if (message.type === 'listening') this.#opened(message, handle)
    else if (message.type === 'not listening') this.#changed(() => this.#listeners.delete(message.id))
    else if (message.type === 'serves') this.#changed(() => (this.service = message))
    else if (message.type === 'leaves') this.#changed(() => (this.leaving = message.isError ? 'by error' : 'freely'))
    else if (message.type === 'ask for reload') this.#events.asked(this, message.id, message.reason)
    else if (message.type === 'reported') this.#reports.shift()?.(message.status)
    else if (isConnectionsWord(message)) this.#events.counted(this, message, handle as ConnectionHandle | undefined)
    else if (message.type === 'start child') void this.#startChild(message)
    else if (message.type === 'kill child') this.#children.get(message.child)?.kill('SIGKILL')
    else if (message.type === 'tell child') this.#tellChild(message, handle)
    else this.share?.heard(message)
  }

  #changed(change: () => unknown): void {
    change()
    this.#events.changed()
  }

  #opened(message: Extract<ToLauncher, { type: 'listening' }>, handle: ListeningHandle | undefined): void {
    const { id, key, address, index, ticketKeys } = message
    const inherited = index === undefined ? undefined : this.#inherited[index]
    const listener = inherited ?? (handle && { key, address, handle, ticketKeys })
    if (listener === undefined) return // Node drops a handle for which this process has no descriptor left.
    if (inherited === undefined) this.#events.listening(listener)
    if (handle !== undefined) this.tell({ type: 'holds', id })
    this.#changed(() => this.#listeners.set(id, listener))
  }

  async #startChild(message: StartChild): Promise<void> {
    try {
      const { pid } = await this.#events.startChild(this, message)
      this.tell({ type: 'child started', child: message.child, pid })
    } catch (error) {
      this.tell({ type: 'child not started', child: message.child, error: toPlainError(error) })
    }
  }

  #tellChild({ child, message }: TellChild, handle: ListeningHandle | undefined): void {
    const addressee = this.#children.get(child)
    if (addressee?.isAlive) addressee.#send(seal(message), handle)
    else handle?.close()
  }

  /** Nobody serves whom it could succeed, so it serves as soon as it can. */
  #beParent(message: ToParent, handle: ListeningHandle | undefined): void {
    handle?.close()
    const ticketKeys = this.#inherited.flatMap(({ ticketKeys: keys }, index): Array<[number, TicketKeys]> => {
      return keys === undefined ? [] : [[index, keys]]
    })
    if (message.type === 'ready') this.#send(seal<ToChild>({ type: 'take over', states: [], ticketKeys }))
    if (message.type === 'serving') this.#send(seal<ToChild>({ type: 'settled' }))
  }

  #end(ending: Ending): void {
    this.ending = ending
    if (this.#parent !== undefined) this.#tellOfEnd(this.#parent, ending)
    for (const child of this.#children.values()) {
      child.#parent = undefined
      child.tell({ type: 'parent ended' })
    }
    this.share?.ended(ending)
    this.#events.changed()
  }

  #tellOfEnd({ server, child }: Family, ending: Ending): void {
    server.#children.delete(child)
    if (server.child === this) server.share?.spoil()
    server.tell({ type: 'child ended', child, ...ending })
  }
}
