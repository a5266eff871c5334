import type { Host, Machine } from '../process/host.js'
import type { Move, TakerWord } from '../protocol/connection.js'
import { receive, type Taker, type TakerEffect, type TakerInput, take } from '../protocol/connection-taker.js'
import { Deadline } from '../util/deadline.js'
import { hostOf } from './connection-host.js'

/** A connection that has come from another process. */
export interface Offered {
  /** Answers the giver. Resolves with false when that is certainly not sent. */
  say(word: TakerWord): Promise<unknown>
  /** Reads from it. */
  accept(): void
  /** Closes this process's copy. */
  close(): void
}

/** How long it may take until it is known whether a giver that cannot be reached has ended. Milliseconds. */
const DOUBT = 1000

/** The machine of the taker of a connection. */
export function takerMachine(move: Move, isAble: boolean): Omit<Machine<Taker, TakerInput, TakerEffect>, 'name'> {
  const [start, first] = take(move, isAble)
  return { start, first, step: receive, begin: { move, isAble }, placeOf: ({ at }) => at }
}

/** Takes one connection from another process. */
export class Taking {
  readonly #offered: Offered
  readonly #deadline = new Deadline()
  readonly #host: Host<Taker, TakerInput, TakerEffect>

  /** @param isAble - whether the handle has arrived, and there is a server with room for it */
  constructor(move: Move, isAble: boolean, offered: Offered) {
    this.#offered = offered
    this.#host = hostOf('taker', takerMachine(move, isAble), (effect) => this.#carryOut(effect))
    this.#host.begin()
  }

  get isOver(): boolean {
    return this.#host.state.at === 'over'
  }

  tell(input: TakerInput): void {
    this.#host.tell(input)
  }

  #carryOut(effect: TakerEffect): unknown {
    switch (effect.do) {
      case 'say':
        return this.#say(effect.word)
      case 'accept':
        return this.#offered.accept()
      case 'close':
        return this.#offered.close()
      case 'wait':
        return this.#deadline.set(DOUBT, () => this.tell({ type: 'due' }))
      case 'cancel':
        return this.#deadline.clear()
      default:
        return effect satisfies never
    }
  }

  async #say(word: TakerWord): Promise<void> {
    const isSent = await this.#offered.say(word)
    this.tell({ type: isSent === false ? 'not sent' : 'sent' })
  }
}

/** The undecided offers of one other process, by their numbers there. */
export class Takings {
  readonly #open = new Map<number, Taking>()

  get size(): number {
    return this.#open.size
  }

  take(id: number, move: Move, isAble: boolean, offered: Offered): void {
    const ended = (how: 'accept' | 'close') => () => {
      this.#open.delete(id)
      offered[how]()
    }
    const taking = new Taking(move, isAble, {
      say: (word) => offered.say(word),
      accept: ended('accept'),
      close: ended('close')
    })
    if (!taking.isOver) this.#open.set(id, taking)
  }

  tell(id: number, input: TakerInput): void {
    this.#open.get(id)?.tell(input)
  }

  tellAll(input: TakerInput): void {
    for (const taking of [...this.#open.values()]) taking.tell(input)
  }

  /**
   * Whether nothing is known of an offer that the giver asks about: then its handle was lost on the way, or it has been
   * answered.
   */
  isUnknown(id: number): boolean {
    return !this.#open.has(id)
  }
}
