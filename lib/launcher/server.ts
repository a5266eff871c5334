import type { CheckProgress, ReloadPosition } from '../control/reports.js'
import { SpawnFailedError } from '../errors.js'
import type { ConnectionHandle } from '../internals/connection-handle.js'
import type { ListeningHandle } from '../internals/listening-handle.js'
import { loadedFiles, TELL_LOADED_FILES } from '../internals/loaded-files.js'
import { type Counts, latest, noCounts } from '../metrics/counts.js'
import {
  ChannelProcess,
  discard,
  type Ending,
  type Inheritance,
  type SpawnCommand
} from '../process/channel-process.js'
import { Envelope } from '../process/envelope.js'
import type { Word } from '../protocol/launcher.js'
import type { FromLauncher, ToLauncher } from '../protocol/launcher-messages.js'
import type { ToChild } from '../protocol/messages.js'
import { type ConnectionsWord, isConnectionsWord } from '../protocol/surplus-messages.js'
import { type LastSaid, withExamination } from '../reload/boot-failure.js'
import type { CheckResult } from '../reload/check-result.js'
import { encodeLaunch, entriesAt, HANDOFF_VARIABLE } from '../reload/handoff-flag.js'
import type { GenerationId } from '../reload/reload-result.js'
import { asStartCommand } from '../reload/start-command.js'
import { AskedChecks } from './asked-checks.js'
import { AskedReports } from './asked-reports.js'
import { spareDescriptor } from './descriptor-table.js'
import type { HeldListener } from './held-listeners.js'
import { MessageRelay, type Parent, type RelayedServer } from './message-relay.js'

/** The message of a server when it begins to serve. */
export type Service = Extract<ToLauncher, { type: 'serves' }>

/** The answer of a server about itself. */
export type Report = Omit<Extract<ToLauncher, { type: 'reported' }>, 'type'>

/** The events of a server for its launcher. */
export interface ServerEvents {
  /** Something that the launcher decides about. */
  said(word: Word): void
  /** It has ended, and the launcher has read all its messages. */
  ended(ending: Ending): void
  /** It has a new listener, which the launcher holds from now on. */
  listening(listener: HeldListener): void
  /** One of its listeners is closed. */
  closed(): void
  /** A reload of the whole service is requested. */
  asked(server: Server, id: number, reason: string): void
  /** It has said how far its reload or its check is. */
  moved(): void
  /** It reports its connections. */
  counted(server: Server, word: ConnectionsWord, handle: ConnectionHandle | undefined): void
  /** It loads these files; where they are watched. */
  loads(server: Server, paths: string[]): void
  /** It has sent a message for another process. */
  foreign(raw: unknown): void
}

/** How to start a server. */
export interface ServerSettings {
  command: SpawnCommand
  generation: number
  inherited: readonly HeldListener[]
  /** Its predecessor, with its number for this one; undefined without a predecessor. */
  parent?: Parent
  /** What each server finds at the numbers that the app knows. */
  own: Omit<Inheritance, 'sockets'>
  /** The control socket of the launcher, which the server need not open. */
  control?: string | undefined
  /** Whether the launcher watches the files that it loads. */
  isWatched: boolean
  /** The last generation before it that served; the pid is 0 where its worker had no process of that. */
  previous?: GenerationId | undefined
}

/** One server process, as its launcher sees it. */
export class Server implements RelayedServer {
  readonly settings: ServerSettings
  readonly relay: MessageRelay
  /** On the clock of `performance.now()`. */
  readonly begun = performance.now()
  /** The same, as the clock was then. Milliseconds since the epoch. */
  readonly started = Date.now()
  /** What it reported when it began to serve, and how long after its start that was. */
  service: Service | undefined
  bootTime = 0
  /** How long it has said that it may take to be ready; 0: nothing yet. Milliseconds. */
  readyTimeout = 0
  /** Whether Node has begun to load its script; known only of a server that is watched. */
  hasLoaded = false
  /** How far it has said that its reload is, while it makes one for the launcher. */
  reloadPosition: ReloadPosition | undefined
  /** Its counts, as of its last report. */
  counts: Counts = noCounts()
  /** Why it ended before it served, as far as it could say. */
  lastSaid: LastSaid = { error: undefined, stderr: [] }
  /** How it has ended; known when the launcher has read all its messages. */
  #ending: Ending | undefined
  /** Since when it owes an answer to a ping, on the clock of `performance.now()`. */
  #pinged: number | undefined
  readonly #events: ServerEvents
  readonly #listeners = new Map<number, HeldListener>()
  readonly #envelope: Envelope
  readonly #reports = new AskedReports<Report>((message) => this.tell(message))
  readonly #checks = new AskedChecks((message) => this.tell(message))
  #process!: ChannelProcess

  private constructor(settings: ServerSettings, envelope: Envelope, events: ServerEvents) {
    this.settings = settings
    this.relay = new MessageRelay(this, settings.inherited)
    this.#envelope = envelope
    this.#events = events
  }

  /** @throws {SpawnFailedError} */
  static async start(settings: ServerSettings, events: ServerEvents): Promise<Server> {
    const secret = Envelope.newSecret()
    const server = new Server(settings, new Envelope(secret), events)
    const { command, generation, inherited, own, parent, control, isWatched } = settings
    const entries = entriesAt(own.descriptors.placesFor(inherited.length), inherited)
    const spare = parent && spareDescriptor(parent.server.pid, own.descriptors.numbers)
    const flag = encodeLaunch(process.pid, generation, secret, entries, { control, isWatched, spare })
    const flagged = {
      ...command,
      env: { ...command.env, ...(isWatched && TELL_LOADED_FILES), [HANDOFF_VARIABLE]: flag }
    }
    const inheritance = { ...own, sockets: inherited.map(({ handle }) => handle.fd), spare }
    server.#process = await ChannelProcess.start(flagged, inheritance, (raw, handle) => server.#hear(raw, handle))
    server.#process.ended.then((ending) => server.#end(ending))
    if (parent !== undefined) server.relay.join(parent)
    return server
  }

  get pid(): number {
    return this.#process.pid
  }

  get generation(): number {
    return this.settings.generation
  }

  get isAlive(): boolean {
    return this.#ending === undefined
  }

  get ending(): Ending | undefined {
    return this.#ending
  }

  /** The generation of its worker for as long as no reload after it succeeds, with the last process of that. */
  get lasting(): GenerationId {
    // A reload that has failed does not count. What was started for it never served, or else the reload of another
    // worker failed, and this one serves on.
    const { generation, pid, service, settings } = this
    return (service === undefined ? settings.previous : undefined) ?? { generation, pid }
  }

  /** The addresses on which it listens. */
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

  /** The id of a listener of this server; undefined if it does not have it. */
  idOf(listener: HeldListener): number | undefined {
    return [...this.#listeners].find(([, one]) => one === listener)?.[0]
  }

  kill(signal: NodeJS.Signals): void {
    this.#process.kill(signal)
  }

  tell(message: FromLauncher, handle?: ListeningHandle): void {
    this.#send(this.#envelope.seal('server', message), handle)
  }

  tellAsParent(message: ToChild, handle?: ListeningHandle): void {
    this.#send(this.#envelope.seal('child', message), handle)
  }

  boots(readyTimeout: number): void {
    this.readyTimeout = Math.max(this.readyTimeout, readyTimeout)
    this.said({ type: 'boots' })
  }

  /** Lets the launcher decide about something that this server has said. */
  said(word: Word): void {
    this.#events.said(word)
  }

  /**
   * Asks whether it answers, if it does not owe an answer already. Returns for how long it has owed one, in
   * milliseconds.
   */
  ping(): number {
    if (this.#pinged === undefined) this.tell({ type: 'ping' })
    this.#pinged ??= performance.now()
    return performance.now() - this.#pinged
  }

  /** For how long it has owed an answer to a ping. Milliseconds; 0 if it does not. */
  get owesAnswer(): number {
    return this.#pinged === undefined ? 0 : performance.now() - this.#pinged
  }

  /** Lets it show whether a reload would succeed. */
  check(reason: string, until: number, moved: (position: CheckProgress) => void): Promise<CheckResult> {
    return this.#checks.ask(reason, until, moved)
  }

  /** The status of the server; undefined if it does not answer in time. */
  report(): Promise<Report | undefined> {
    return this.#reports.ask()
  }

  /** Says something, with a handle that stays open here. Rejects when it is certainly not sent. */
  async lend(message: FromLauncher, handle?: object): Promise<void> {
    await this.#process.send(this.#envelope.seal('server', message), handle)
  }

  /** Lets Node say what it can about the end of this server, where the server itself could not. */
  async examine(): Promise<void> {
    const { command } = this.settings
    if (this.#ending !== undefined)
      this.lastSaid = await withExamination(asStartCommand(command), this.#ending, this.lastSaid)
  }

  /** A message that could not be sent is no error: the end of the process is reported. The handle is a duplicate. */
  #send(sealed: object, handle?: ListeningHandle): void {
    const close = () => handle?.close()
    this.#process.send(sealed, handle).then(close, close)
  }

  #hear(raw: unknown, handle: unknown): void {
    const toLauncher = this.#envelope.open('launcher', raw)
    const toParent = this.#envelope.open('parent', raw)
    const duplicate = handle as ListeningHandle | undefined
    if (toParent?.type === 'failed') this.lastSaid = toParent
    if (toLauncher !== undefined) this.#obey(toLauncher, duplicate)
    else if (toParent === undefined) this.#hearForeign(raw, handle)
    else this.relay.tellParent(toParent, duplicate)
  }

  /** The app's own messages are for the program that started the launcher. A handle does not get that far. */
  #hearForeign(raw: unknown, handle: unknown): void {
    discard(handle)
    const paths = this.settings.isWatched ? loadedFiles(raw) : undefined
    if (paths !== undefined) {
      this.hasLoaded = true
      this.#events.loads(this, paths)
    } else if (!this.#envelope.isOurs(raw)) this.#events.foreign(raw)
  }

  #obey(message: ToLauncher, handle: ListeningHandle | undefined): unknown {
    if ('counts' in message && message.counts !== undefined) this.counts = latest(this.counts, message.counts)
    if (isConnectionsWord(message)) return this.#events.counted(this, message, handle as ConnectionHandle | undefined)
    switch (message.type) {
      case 'listening':
        return this.#opened(message, handle)
      case 'not listening':
        return this.#closed(message.id)
      case 'serves':
        return this.#serves(message)
      case 'ask for reload':
        return this.#events.asked(this, message.id, message.reason)
      case 'reload moved':
        this.reloadPosition = message.position
        return this.#events.moved()
      case 'check moved':
        this.#checks.heard(message)
        return this.#events.moved()
      case 'check made':
      case 'check failed':
        return this.#checks.heard(message)
      case 'reported':
        return this.#reports.heard(message)
      case 'pong':
        this.#pinged = undefined
        return this.said({ type: 'pong' })
      case 'start child':
        this.relay.request(message)
        return this.said(message)
      case 'kill child':
        return this.relay.killChild(message.child)
      case 'tell child':
        return this.relay.tellChild(message, handle)
      case 'reload made':
      case 'reload failed':
        this.reloadPosition = undefined
        return this.said(message)
      case 'hello':
      case 'leaves':
      case 'handed over':
      case 'passed':
      case 'unwell':
        return this.said(message)
      case 'counted':
        return undefined
      default:
        return message satisfies never
    }
  }

  #serves(service: Service): void {
    this.service = service
    this.bootTime = performance.now() - this.begun
    this.said({ type: 'serves', ownSignals: service.signals === false })
  }

  #opened(message: Extract<ToLauncher, { type: 'listening' }>, handle: ListeningHandle | undefined): void {
    const { id, key, address, index, ticketKeys, file } = message
    const inherited = index === undefined ? undefined : this.settings.inherited[index]
    const listener = inherited ?? (handle && { key, address, handle, ticketKeys, file })
    if (listener === undefined) return // Node drops a handle for which this process has no descriptor left.
    if (inherited === undefined) this.#events.listening(listener)
    this.#listeners.set(id, listener)
    this.said({ type: 'listening' })
  }

  #closed(id: number): void {
    this.#listeners.delete(id)
    this.#events.closed()
  }

  #end(ending: Ending): void {
    this.#ending = ending
    this.relay.end(ending)
    this.#checks.end(ending)
    this.#events.ended(ending)
  }
}
