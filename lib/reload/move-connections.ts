import { Candidates } from '../connections/candidates.js'
import { Farewell } from '../connections/farewell.js'
import { Migration } from '../connections/move-out.js'
import type { MovingGroup } from '../connections/moving.js'
import type { Service } from '../process/service.js'
import type { Listener } from '../sockets/listeners.js'
import type { Child } from './child.js'

/** Begins to move the open connections of this process to the child that has adopted these listeners. */
export function moveConnections(service: Service, child: Child, listeners: readonly Listener[]): Migration {
  const groups = listeners.flatMap((listener, index) => movingGroup(service, listener, index))
  return new Migration({
    candidates: new Candidates(groups, service.webSockets),
    upgraded: service.webSockets,
    send: (message, handle) => child.send(message, handle),
    timeLeft: (socket) => service.arrivals?.timeLeft(socket),
    expectsMore: () => service.arrivals?.isOver === false,
    duration: service.options.probation
  })
}

/** Begins to tell the clients of WebSockets that do not move. */
export function sayFarewell(service: Service, migration: Migration): Farewell {
  return new Farewell({
    upgraded: service.webSockets,
    connections: () => service.connections.of(() => true).filter(({ isHttp }) => isHttp),
    moves: (connections) => migration.moves(connections),
    window: service.longest('websocketCloseWindow')
  })
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
