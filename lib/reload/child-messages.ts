import { fromPlainError } from '../errors.js'
import type { ConnectionHandle } from '../internals/connection-handle.js'
import type { ListeningHandle } from '../internals/listening-handle.js'
import type { ServerHost } from '../process/server-host.js'
import type { Service } from '../process/service.js'
import { isOfConnections } from '../protocol/connection-messages.js'
import type { ToParent } from '../protocol/messages.js'
import type { ChildId } from '../protocol/server.js'
import type { HealthWatch } from './health-watch.js'
import type { PassedOnReloads } from './passed-on-reloads.js'
import type { Relatives } from './relatives.js'
import type { Successor } from './successor.js'
import type { Successors } from './successors.js'

/** Who hears what a child says. */
export interface ChildMessagesEvents {
  readonly service: Service
  readonly host: ServerHost
  readonly successors: Successors
  readonly passedOn: PassedOnReloads
  relatives(): Relatives
  /** Undefined: children are not judged. */
  health(): HealthWatch | undefined
  /** It has loaded an app. */
  boots(child: ChildId): void
}

/** The messages of the children of this process. */
export class ChildMessages {
  readonly #events: ChildMessagesEvents

  constructor(events: ChildMessagesEvents) {
    this.#events = events
  }

  hear(child: ChildId, successor: Successor, message: ToParent, handle: ListeningHandle | undefined): unknown {
    const { service, host, successors, passedOn, relatives, health, boots } = this.#events
    if (isOfConnections(message)) return successor.exchange?.hear(message, handle as ConnectionHandle | undefined)
    successor.note(message, handle)
    switch (message.type) {
      case 'ready': {
        const { defect: error } = successor
        const { isCheck = false } = message
        return host.tell({ type: 'child said', child, word: { type: 'ready', isCheck, ...(error && { error }) } })
      }
      case 'health':
        return health()?.heard(child, message.answers)
      case 'confirmed':
        // What it has answered counts first.
        health()?.heard(child, message.answers)
        return host.tell({ type: 'child said', child, word: { type: 'confirmed' } })
      case 'tally':
        return service.ledger.heard(child, message.tally)
      case 'checked':
        return host.tell({ type: 'child said', child, word: { type: 'checked' } })
      case 'boots':
        boots(child)
        return host.tell({ type: 'child said', child, word: { type: 'boots' } })
      case 'serving':
      case 'roll back':
      case 'stopping':
      case 'reload requested':
        return host.tell({ type: 'child said', child, word: message })
      case 'reloaded':
        return passedOn.learn(message.id, message.result)
      case 'reload failed':
        return passedOn.learn(message.id, fromPlainError(message.error))
      case 'who drains':
        return relatives().answer(message, successor.pid, (answer) => successors.send(child, answer))
      case 'these drain':
        return relatives().heard(message)
      case 'listener':
      case 'failed':
        return undefined
      default:
        return message satisfies never
    }
  }
}
