import { Candidates } from '../connections/candidates.js'
import { Farewell } from '../connections/farewell.js'
import { Migration } from '../connections/move-out.js'
import type { MovingGroup } from '../connections/moving.js'
import type { Service } from '../process/service.js'
import type { Listener } from '../sockets/listeners.js'
import type { Child } from './child.js'

/** The open connections of a parent whose child serves: they move, or their clients are told to come again. */
export class HandOver {
  readonly migration: Migration
  readonly #farewell: Farewell

  /** @param listeners - that the child has adopted */
  constructor(service: Service, child: Child, listeners: readonly Listener[]) {
    // One that is gone waits for none.
    const tell = (isOver: boolean) => void child.send({ type: 'migration', isOver }).catch(() => {})
    tell(false)
    const upgraded = service.webSockets
    const groups = listeners.flatMap((listener, index) => movingGroup(service, listener, index))
    const migration = new Migration({
      candidates: new Candidates(groups, upgraded),
      upgraded,
      send: (message, handle) => child.send(message, handle),
      timeLeft: (socket) => service.arrivals?.timeLeft(socket),
      expectsMore: () => service.arrivals?.isOver === false,
      duration: service.options.probation
    })
    this.migration = migration
    this.#farewell = new Farewell({
      upgraded,
      connections: () => service.connections.of(() => true).filter(({ isHttp }) => isHttp),
      moves: (connections) => migration.moves(connections),
      window: service.longest('websocketCloseWindow')
    })
    void migration.done.then(() => tell(true))
  }

  /** What has not moved yet stays. */
  stop(): void {
    this.migration.stop()
    this.endFarewell()
  }

  /** From here on it is the drain that tells clients to go. */
  endFarewell(): void {
    this.#farewell.end()
  }
}

/** The connections of a listener, unless they cannot go on in another process. */
function movingGroup(service: Service, listener: Listener, index: number): MovingGroup[] {
  const connections = service.connections.ofServer(listener.server)
  if (connections === undefined || !connections.canMove || service.optionsOf(listener).connections === 'close')
    return []
  if (!connections.hasForeignListeners) return [{ index, connections }]
  service.log.warn(
    `connections to "${listener.key}" are not moved: its server has "connection" listeners of the app's own, and what they ` +
      'did cannot be done again'
  )
  return []
}
