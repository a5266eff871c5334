import type { Server } from 'node:net'
import type { Counter } from '../metrics/counter.js'
import { Connections } from './tracker.js'
import type { WebSockets } from './websockets.js'

/** Whether somebody is meant; undefined is the owner of what the app made by itself. */
export type IsMeant = (owner: object | undefined) => boolean

/** The connections of all servers of this process, by the owners of the servers. */
export class OwnedConnections {
  readonly #webSockets: WebSockets
  readonly #owners = new Map<Connections, object | undefined>()
  readonly #byServer = new WeakMap<Server, Connections>()

  constructor(webSockets: WebSockets) {
    this.#webSockets = webSockets
  }

  /**
   * Sees the connections of a server from now on.
   *
   * @param counter - counts them; undefined: they are not those of clients
   */
  follow(server: Server, owner: object | undefined, counter: Counter | undefined): void {
    const upgrading: WebSockets['upgrading'] = (...upgrade) => this.#webSockets.upgrading(...upgrade)
    const known = this.#byServer.get(server) ?? new Connections(server, upgrading, counter)
    this.#byServer.set(server, known)
    this.#owners.set(known, owner)
    server.once('close', () => this.#owners.delete(known))
  }

  /** The server of one owner has become that of another. */
  own(server: Server, owner: object): void {
    const known = this.#byServer.get(server)
    if (known !== undefined) this.#owners.set(known, owner)
  }

  /** Those of the servers of an owner concern nobody any more. */
  forget(owner: object): void {
    for (const [connections, one] of this.#owners) if (one === owner) this.#owners.delete(connections)
  }

  /** How many there are. */
  count(isMeant: IsMeant): number {
    return this.of(isMeant).reduce((sum, { size }) => sum + size, 0)
  }

  /** Those of each server that listens or has some. */
  of(isMeant: IsMeant): Connections[] {
    return this.withOwners(isMeant).map(([connections]) => connections)
  }

  /** The same, each with the owner of the server. */
  withOwners(isMeant: IsMeant): Array<[Connections, object | undefined]> {
    const all = [...this.#owners].filter(([connections]) => connections.server.listening || connections.size > 0)
    return all.filter(([, owner]) => isMeant(owner))
  }

  ofServer(server: Server): Connections | undefined {
    return this.#byServer.get(server)
  }
}
