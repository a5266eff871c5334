import { hideBootWatch, watchBoot } from '../boot-watch.js'
import { toPlainError } from '../errors.js'
import { type Counts, noCounts, sum } from '../metrics/counts.js'
import type { SpawnCommand } from '../process/channel-process.js'
import type { Effect, Input, ServerId } from '../protocol/launcher.js'
import type { HeldListener, HeldListeners } from './held-listeners.js'
import { isRefused } from './refused-command-line.js'
import { Server, type ServerEvents, type ServerSettings, type Service } from './server.js'

/** The events of the servers. */
export interface ServersEvents
  extends Pick<ServerEvents, 'closed' | 'asked' | 'moved' | 'counted' | 'loads' | 'foreign'> {
  input(input: Input): void
  /** It serves from now on. */
  serves(server: Server): void
}

/** The server processes of a launcher: those that live, and those that are still spoken of. */
export class Servers {
  /** The facts of the last server that began to serve. */
  service: Service | undefined
  readonly #command: SpawnCommand
  readonly #held: HeldListeners
  readonly #shared: Pick<ServerSettings, 'own' | 'control' | 'isWatched'>
  readonly #events: ServersEvents
  readonly #servers = new Map<ServerId, Server>()
  /** The counts of servers that have ended. */
  #counted = noCounts()

  /**
   * @param command - how the first server is started
   * @param shared - what is the same for each server
   */
  constructor(
    command: SpawnCommand,
    held: HeldListeners,
    shared: Pick<ServerSettings, 'own' | 'control' | 'isWatched'>,
    events: ServersEvents
  ) {
    this.#shared = shared
    this.#command = command
    this.#held = held
    this.#events = events
  }

  find(id: ServerId | undefined): Server | undefined {
    return id === undefined ? undefined : this.#servers.get(id)
  }

  /** The counts of all servers, including ended ones. */
  get counts(): Counts {
    const living = [...this.#servers.values()].filter(({ isAlive }) => isAlive)
    return sum(this.#counted, ...living.map(({ counts }) => counts))
  }

  /** The addresses of all servers. */
  get listeners(): HeldListener[] {
    return [...this.#servers.values()].flatMap(({ listeners }) => listeners)
  }

  /** Forgets all but these. */
  keep(ids: readonly ServerId[]): void {
    for (const id of this.#servers.keys()) if (!ids.includes(id)) this.#servers.delete(id)
  }

  /** Starts a server without a predecessor. */
  async start({ server: id, like, previous: own, isNew }: Extract<Effect, { do: 'start' }>): Promise<void> {
    const before = this.find(like)
    const lasting = before?.lasting
    const generation = (lasting?.generation ?? 1) + (isNew ? 1 : 0)
    // One of another worker is no predecessor; the workers are of one generation all the same.
    const previous = like === own ? lasting : lasting && { generation: lasting.generation, pid: 0 }
    const command = unwatched(before?.settings.command ?? this.#command)
    if (isNew) watchBoot(command)
    await this.#start(id, () => ({ command, generation, inherited: this.#held.inheritance, previous })).catch(() => {})
  }

  /** Starts the successor that a server has requested, and reports its start to that server. */
  async startChild({ server: id, parent: parentId, child }: Extract<Effect, { do: 'start child' }>): Promise<void> {
    const parent = this.find(parentId) as Server
    try {
      const { pid } = await this.#start(id, () => {
        const { command, generation, listeners } = parent.relay.takeRequest(child)
        const inherited = parent.find(listeners)
        return { command, generation, inherited, parent: { server: parent, child }, previous: parent.lasting }
      })
      parent.tell({ type: 'child started', child, pid })
    } catch (error) {
      this.refuseChild(parentId, child, error)
    }
  }

  refuseChild(parent: ServerId, child: number, error: unknown): void {
    this.find(parent)?.tell({ type: 'child not started', child, error: toPlainError(error) })
  }

  async #start(id: ServerId, prepare: () => Omit<ServerSettings, 'own' | 'control' | 'isWatched'>): Promise<Server> {
    const { input, serves, ...events } = this.#events
    try {
      const server = await Server.start(
        { ...prepare(), ...this.#shared },
        {
          ...events,
          said: (word) => {
            if (word.type === 'serves') {
              this.service = server.service
              serves(server)
            }
            input({ type: 'said', server: id, word })
          },
          ended: (ending) => {
            this.#counted = sum(this.#counted, server.counts)
            input({ type: 'ended', server: id, ending, isRefused: isRefused(server) })
          },
          listening: (listener) => this.#held.hold(listener)
        }
      )
      this.#servers.set(id, server)
      input({ type: 'started', server: id })
      return server
    } catch (error) {
      input({ type: 'not started', server: id, error })
      throw error
    }
  }
}

/**
 * Without a reload, no process needs to learn why the server ends. And the file that watches its boot may be gone, with
 * the release of the former parent.
 */
function unwatched(command: SpawnCommand): SpawnCommand {
  const env = { ...command.env }
  hideBootWatch(env)
  return { ...command, env }
}
