import { tmpdir } from 'node:os'
import type { Exchange } from '../connections/exchange.js'
import { Farewell } from '../connections/farewell.js'
import { Kept } from '../connections/kept.js'
import type { Migration } from '../connections/migration.js'
import { RequestRegister } from '../connections/request-register.js'
import type { Service } from '../process/service.js'
import type { Listener } from '../sockets/listeners.js'
import { toError } from '../util/to-error.js'
import type { Child } from './child.js'
import { move } from './connection-exchange.js'

/** The open connections of a parent whose child serves: they move, or their clients have to connect again. */
export class MovingOut {
  readonly migration: Migration
  readonly #farewell: Farewell

  /** @param listeners - that the child has adopted */
  constructor(service: Service, child: Child, exchange: Exchange, listeners: readonly Listener[]) {
    const register = createRegister(service)
    const kept = register && new Kept(register)
    exchange.kept = kept
    const migration = move(service, exchange, {
      listeners: [...listeners.entries()],
      send: (message, handle) => child.send(message, handle),
      keep: kept && ((id, connection) => kept.add(id, connection)),
      register: register?.path,
      duration: service.options.probation
    })
    this.migration = migration
    this.#farewell = new Farewell({
      upgraded: service.webSockets,
      connections: () => service.connections.of(() => true).filter(({ isHttp }) => isHttp),
      moves: (connections) => migration.moves(connections),
      window: service.longest('websocketCloseWindow')
    })
  }

  /** Connections that have not moved yet stay. */
  stop(): void {
    this.migration.stop()
    this.endFarewell()
  }

  /** From here on the drain asks clients to disconnect. */
  endFarewell(): void {
    this.#farewell.end()
  }
}

/** Without one, the connections that have moved end with a child that crashes. */
function createRegister({ log }: Service): RequestRegister | undefined {
  try {
    return RequestRegister.create()
  } catch (error) {
    // The whole message has a name in it that is never the same.
    const { code, message } = toError(error) as NodeJS.ErrnoException
    const why = `no file can be made in ${tmpdir()} (${code ?? message})`
    log.warnOnce(`if the child crashes on its probation, the connections that have moved to it are lost: ${why}`)
    return undefined
  }
}
