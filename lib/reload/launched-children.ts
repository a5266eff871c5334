import { fromPlainError } from '../errors.js'
import type { ListeningHandle } from '../internals/listening-handle.js'
import type { LauncherChannel } from '../process/launcher-channel.js'
import type { LauncherListeners } from '../process/launcher-listeners.js'
import type { FromLauncher } from '../protocol/launcher-messages.js'
import type { StartChild } from './child.js'
import { LaunchedChild } from './launched-child.js'

/** A message about a child that the launcher has started for this server. */
type OfChild = Extract<FromLauncher, { child: number }>

/** The children of reloads that the launcher starts for this server. */
export class LaunchedChildren {
  readonly #channel: LauncherChannel
  readonly #listeners: LauncherListeners
  readonly #all = new Map<number, LaunchedChild>()
  #lastId = 0

  /** @param listeners - what the launcher knows about those of this server */
  constructor(channel: LauncherChannel, listeners: LauncherListeners) {
    this.#channel = channel
    this.#listeners = listeners
  }

  /** Lets the launcher start the child of a reload. */
  readonly start: StartChild = async (command, generation, inherited, hear) => {
    const id = ++this.#lastId
    const child = new LaunchedChild(id, (message, handle) => this.#channel.send(message, handle), hear)
    this.#all.set(id, child)
    const listeners = inherited.map(([listener]) => this.#listeners.idOf(listener))
    this.#channel.say({ type: 'start child', child: id, command, generation, listeners })
    return child.started
  }

  heard(message: OfChild, handle: ListeningHandle | undefined): unknown {
    const child = this.#all.get(message.child)
    switch (message.type) {
      case 'child said':
        return child?.said(message.message, handle)
      case 'child started':
        return child?.hasStarted(message.pid)
      case 'child not started':
        this.#all.delete(message.child)
        return child?.hasNotStarted(fromPlainError(message.error))
      case 'child ended':
        this.#all.delete(message.child)
        return child?.over(message)
      default:
        return message satisfies never
    }
  }

  /** The launcher is gone. */
  lose(): void {
    for (const child of this.#all.values()) child.lose()
  }
}
