import type { Move, TakerWord } from '../protocol/connection.js'
import { receive, type Taker, type TakerEffect, type TakerInput, take } from '../protocol/connection-taker.js'
import { Deadline } from '../util/deadline.js'

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

/** Takes one connection from another process. */
export class Taking {
  readonly #offered: Offered
  readonly #deadline = new Deadline()
  #taker: Taker

  /** @param isAble - whether the handle has arrived, and there is a server with room for it */
  constructor(move: Move, isAble: boolean, offered: Offered) {
    this.#offered = offered
    const [taker, effects] = take(move, isAble)
    this.#taker = taker
    for (const effect of effects) this.#carryOut(effect)
  }

  get isOver(): boolean {
    return this.#taker.at === 'over'
  }

  tell(input: TakerInput): void {
    const [taker, effects] = receive(this.#taker, input)
    this.#taker = taker
    for (const effect of effects) this.#carryOut(effect)
  }

  #carryOut(effect: TakerEffect): void {
    switch (effect.do) {
      case 'say':
        void this.#offered
          .say(effect.word)
          .then((isSent) => this.tell({ type: isSent === false ? 'not sent' : 'sent' }))
        break
      case 'accept':
        this.#offered.accept()
        break
      case 'close':
        this.#offered.close()
        break
      case 'wait':
        this.#deadline.set(DOUBT, () => this.tell({ type: 'due' }))
        break
      case 'cancel':
        this.#deadline.clear()
        break
      default:
        effect satisfies never
    }
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
