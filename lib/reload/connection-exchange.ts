import { type ArrivalSettings, Arrivals } from '../connections/arrivals.js'
import { Candidates, type MovingGroup } from '../connections/candidates.js'
import type { Passage } from '../connections/departure.js'
import { Exchange } from '../connections/exchange.js'
import { Migration } from '../connections/migration.js'
import type { Service } from '../process/service.js'
import type { FromGiver } from '../protocol/connection-messages.js'
import type { Listener } from '../sockets/listeners.js'

/** How this process and another one pass connections: what depends on which of the two is the parent. */
export type Peer = Omit<ArrivalSettings, 'arrived' | 'passesOn' | 'resume'>

/** Lets connections come from another process. */
export function exchangeWith(service: Service, peer: Peer): Exchange {
  const arrivals = new Arrivals({
    arrived: service.arrived,
    passesOn: (connections) => service.migration?.moves(connections) === true,
    resume: (...came) => service.webSockets.receive(...came),
    ...peer
  })
  service.arrivals.add(arrivals)
  return new Exchange(arrivals)
}

/** Everything needed to move connections to another process. */
export interface Moving extends Pick<Passage, 'was' | 'keep' | 'isOutOfReach'> {
  /** A listener of this process, by the index under which the other one knows it. */
  readonly listeners: ReadonlyArray<readonly [index: number, listener: Listener]>
  send: Passage['send']
  /** See {@link Migration}. Milliseconds. */
  readonly duration: number
  /** The path of the register, see {@link FromGiver}. */
  readonly register: string | undefined
}

/** Moves connections to the other process from now on. */
export function move(service: Service, exchange: Exchange, moving: Moving): Migration {
  const { listeners, send, was, keep, isOutOfReach, duration, register } = moving
  // A process that is gone waits for none.
  const tell = (message: FromGiver) => void send(message).catch(() => {})
  tell({ type: 'migration', isOver: false, register })
  const upgraded = service.webSockets
  const groups = listeners.flatMap(([index, listener]) => movingGroup(service, listener, index))
  const migration = new Migration({
    candidates: new Candidates(groups, upgraded),
    upgraded,
    send,
    was,
    keep,
    isOutOfReach,
    timeLeft: (socket) => service.arrived.timeLeft(socket),
    expectsMore: () => [...service.arrivals].some(({ isOver }) => !isOver),
    moved: () => service.counter.moves(),
    duration
  })
  exchange.migration = service.migration = migration
  void migration.done.then(() => tell({ type: 'migration', isOver: true }))
  return migration
}

/** The connections of a listener, unless they cannot go on in another process. */
function movingGroup(service: Service, listener: Listener, index: number): MovingGroup[] {
  const connections = service.connections.ofServer(listener.server)
  if (connections === undefined || !connections.canMove || service.optionsOf(listener).connections === 'close')
    return []
  if (!connections.hasForeignListeners) return [{ index, connections }]
  service.log.warn(
    `connections to "${listener.key}" do not move: the app has its own "connection" listeners, and the plugin cannot ` +
      'repeat what they did'
  )
  return []
}
