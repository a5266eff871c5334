import {
  type Giver,
  type GiverEffect,
  type GiverInput,
  type GiverOutcome,
  type GiverWord,
  give,
  type Move,
  offer,
  wouldRelease
} from '../protocol/connection.js'
import { Deadline } from '../util/deadline.js'

/** A connection that is given away, as the one sees it who has it. */
export interface Gift {
  /** Sends it. Rejects when it is certainly not sent. */
  offer(): Promise<unknown>
  /** Says something about it. Rejects when that is certainly not sent. */
  say(word: GiverWord): Promise<unknown>
  /** Whether it may be let go now. Called once, at the last moment. */
  isAtRest(): boolean
  readOn(): void
  /** Closes this process's copy. */
  letGo(): void
  concluded(outcome: GiverOutcome): void
  /** The taker owes no answer any more. */
  forgotten(): void
  /**
   * Whether the taker may live although no message can reach it: this process's end of the channel was closed, and an
   * answer may have been lost with it.
   */
  isOutOfReach?(): boolean
}

/** How long a taker may be silent. Milliseconds. */
export interface Patience {
  /** Until the giver sends a question. */
  readonly answer: number
  /** From then on. */
  readonly limit: number
}

/** Gives one connection to another process. */
export class Giving {
  readonly #gift: Gift
  readonly #patience: Patience
  readonly #deadline = new Deadline()
  #giver: Giver

  constructor(move: Move, patience: Patience, gift: Gift) {
    this.#gift = gift
    this.#patience = patience
    const [giver, effects] = offer(move)
    this.#giver = giver
    for (const effect of effects) this.#carryOut(effect)
  }

  /** Whether the taker has let the limit pass, and has not answered since. */
  get isLate(): boolean {
    return this.#giver.at === 'late'
  }

  /** Takes the taker's answer. */
  answered(isTaken: boolean): void {
    if (isTaken) this.tell({ type: 'taken', atRest: wouldRelease(this.#giver) && this.#gift.isAtRest() })
    else this.tell({ type: 'refused' })
  }

  tell(input: GiverInput): void {
    const [giver, effects] = give(this.#giver, input)
    this.#giver = giver
    for (const effect of effects) this.#carryOut(effect)
  }

  #carryOut(effect: GiverEffect): void {
    switch (effect.do) {
      case 'offer':
        this.#gift.offer().catch(() => this.tell({ type: 'not sent' }))
        break
      case 'say':
        this.#say(effect.word)
        break
      case 'read on':
        this.#gift.readOn()
        break
      case 'let go':
        this.#gift.letGo()
        break
      case 'wait':
        this.#deadline.set(this.#patience[effect.timer], () => this.tell({ type: 'due' }))
        break
      case 'cancel':
        this.#deadline.clear()
        break
      case 'conclude':
        this.#gift.concluded(effect.outcome)
        break
      case 'forget':
        this.#gift.forgotten()
        break
      default:
        effect satisfies never
    }
  }

  #cannotAsk(): void {
    this.tell({ type: this.#gift.isOutOfReach?.() === true ? 'taker out of reach' : 'taker ended' })
  }

  #say(word: GiverWord): void {
    const said = this.#gift.say(word)
    if (word === 'released')
      said.then(
        () => this.tell({ type: 'sent' }),
        () => this.tell({ type: 'not sent' })
      )
    // The channel has ended. All that came over it will have been read when the taker could have answered.
    else if (word === 'sent') said.catch(() => this.#deadline.set(this.#patience.answer, () => this.#cannotAsk()))
    else said.catch(() => {}) // A taker that is gone needs no answer.
  }
}
