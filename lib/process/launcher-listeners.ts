import { resolve as resolvePath } from 'node:path'
import type { ListeningHandle } from '../internals/listening-handle.js'
import type { TicketKeys } from '../protocol/messages.js'
import type { Inherited } from '../reload/child.js'
import type { BoundAddress } from '../sockets/listener-key.js'
import { UnixPath } from '../sockets/unix-path.js'
import type { LauncherChannel } from './launcher-channel.js'

/** The listeners of this server of which the launcher holds the sockets. */
export class LauncherListeners {
  readonly #channel: LauncherChannel
  #lastId = 0
  readonly #ids = new WeakMap<object, number>()
  readonly #byId = new Map<number, object>()
  /** What the launcher gets when this server serves. */
  readonly #toBeHeld = new Map<number, () => void>()
  #serves = false

  constructor(channel: LauncherChannel) {
    this.#channel = channel
  }

  /** A listener is open: the launcher keeps its socket from now on. */
  opened(
    listener: Inherited & { index: number | undefined; path?: UnixPath | undefined },
    handle: ListeningHandle | undefined,
    ticketKeys: TicketKeys | undefined
  ): void {
    const { key, index, path } = listener
    const address = absolute(listener.address)
    const id = ++this.#lastId
    this.#ids.set(listener, id)
    this.#byId.set(id, listener)
    const message = { type: 'listening', id, key, address, index, ticketKeys, file: path?.identity } as const
    if (index !== undefined) this.#channel.say(message)
    else if (this.#serves) this.#channel.say(message, handle)
    else this.#toBeHeld.set(id, () => this.#channel.say(message, handle))
  }

  closed(listener: object): void {
    const id = this.#ids.get(listener)
    if (id === undefined) return
    if (!this.#toBeHeld.delete(id)) this.#channel.say({ type: 'not listening', id })
    this.#byId.delete(id)
  }

  /** This server serves: the launcher gets the handles that have waited for it. */
  hand(): void {
    this.#serves = true
    for (const send of this.#toBeHeld.values()) send()
    this.#toBeHeld.clear()
  }

  /** The launcher's number for a listener; 0: it does not know it. */
  idOf(listener: object): number {
    return this.#ids.get(listener) ?? 0
  }

  find(id: number): object | undefined {
    return this.#byId.get(id)
  }
}

/** The launcher may be in another directory than the app, which can change its own. */
function absolute(address: BoundAddress): BoundAddress {
  return 'path' in address && UnixPath.isFile(address.path) ? { path: resolvePath(address.path) } : address
}
