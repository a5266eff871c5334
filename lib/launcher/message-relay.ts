import type { ListeningHandle } from '../internals/listening-handle.js'
import type { ChannelProcess, Ending } from '../process/channel-process.js'
import type { Word } from '../protocol/launcher.js'
import type { FromLauncher, ToLauncher } from '../protocol/launcher-messages.js'
import { answerAsParent } from '../protocol/launcher-parent.js'
import type { TicketKeys, ToChild, ToParent } from '../protocol/messages.js'
import type { HeldListener } from './held-listeners.js'

/** A request for a successor. */
export type StartChild = Extract<ToLauncher, { type: 'start child' }>
type TellChild = Extract<ToLauncher, { type: 'tell child' }>

/** A server, as its parent and its children see it. */
export interface RelayedServer {
  readonly pid: number
  readonly isAlive: boolean
  readonly relay: MessageRelay
  kill: ChannelProcess['kill']
  /** As its launcher. */
  tell(message: FromLauncher, handle?: ListeningHandle): void
  /** As its parent. */
  tellAsParent(message: ToChild, handle?: ListeningHandle): void
  /** It has said how long it may take to boot. Milliseconds. */
  boots(readyTimeout: number): void
  /** It has said something that the launcher decides about. */
  said(word: Word): void
}

/** The server that another one will succeed, with its number for that one. */
export interface Parent {
  readonly server: RelayedServer
  readonly child: number
}

/** Passes on the messages between a server, its parent and its children. The launcher has started all of them. */
export class MessageRelay {
  readonly #self: RelayedServer
  readonly #inherited: readonly HeldListener[]
  /** While it lives. */
  #parent: Parent | undefined
  readonly #children = new Map<number, RelayedServer>()
  readonly #requests = new Map<number, StartChild>()

  constructor(self: RelayedServer, inherited: readonly HeldListener[]) {
    this.#self = self
    this.#inherited = inherited
  }

  /** The server has begun, as the child of this one. */
  join(parent: Parent): void {
    if (!parent.server.isAlive) return
    this.#parent = parent
    parent.server.relay.#children.set(parent.child, this.#self)
  }

  /** It wants a child. */
  request(request: StartChild): void {
    this.#requests.set(request.child, request)
  }

  /** Its request for a child. */
  takeRequest(child: number): StartChild {
    const request = this.#requests.get(child) as StartChild
    this.#requests.delete(child)
    return request
  }

  tellParent(message: ToParent, handle: ListeningHandle | undefined): void {
    if (message.type === 'boots') this.#self.boots(message.readyTimeout)
    if (this.#parent === undefined) {
      this.#answerAsParent(message, handle)
      return
    }
    const { server, child } = this.#parent
    server.tell({ type: 'child said', child, message }, handle)
    if (message.type === 'roll back') this.#self.said({ type: 'roll back' })
  }

  tellChild({ child, message }: TellChild, handle: ListeningHandle | undefined): void {
    const addressee = this.#children.get(child)
    if (addressee?.isAlive) addressee.tellAsParent(message, handle)
    else handle?.close()
  }

  killChild(child: number): void {
    this.#children.get(child)?.kill('SIGKILL')
  }

  end(ending: Ending): void {
    if (this.#parent !== undefined) {
      const { server, child } = this.#parent
      server.relay.#children.delete(child)
      server.tell({ type: 'child ended', child, ...ending })
    }
    for (const child of this.#children.values()) child.relay.#parent = undefined
  }

  #answerAsParent(message: ToParent, handle: ListeningHandle | undefined): void {
    handle?.close()
    const answer = answerAsParent(message.type)
    if (answer === 'settled') this.#self.tellAsParent({ type: 'settled' })
    if (answer !== 'take over') return
    const ticketKeys = this.#inherited.flatMap(({ ticketKeys: keys }, index): Array<[number, TicketKeys]> => {
      return keys === undefined ? [] : [[index, keys]]
    })
    this.#self.tellAsParent({ type: 'take over', states: [], ticketKeys, isAlone: true })
  }
}
