import type { Host, Machine } from '../process/host.js'
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
import { hostOf } from './connection-host.js'

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

/** The machine of the giver of a connection. */
export function giverMachine(move: Move): Omit<Machine<Giver, GiverInput, GiverEffect>, 'name'> {
  const [start, first] = offer(move)
  return { start, first, step: give, begin: { move }, placeOf: ({ at }) => at }
}

/** Gives one connection to another process. */
export class Giving {
  readonly #gift: Gift
  readonly #patience: Patience
  readonly #deadline = new Deadline()
  readonly #host: Host<Giver, GiverInput, GiverEffect>

  constructor(move: Move, patience: Patience, gift: Gift) {
    this.#gift = gift
    this.#patience = patience
    this.#host = hostOf('giver', giverMachine(move), (effect) => this.#carryOut(effect))
    this.#host.begin()
  }

  /** Whether the taker has let the limit pass, and has not answered since. */
  get isLate(): boolean {
    return this.#host.state.at === 'late'
  }

  /** Takes the taker's answer. */
  answered(isTaken: boolean): void {
    if (isTaken) this.tell({ type: 'taken', atRest: wouldRelease(this.#host.state) && this.#gift.isAtRest() })
    else this.tell({ type: 'refused' })
  }

  tell(input: GiverInput): void {
    this.#host.tell(input)
  }

  #carryOut(effect: GiverEffect): unknown {
    switch (effect.do) {
      case 'offer':
        return this.#offer()
      case 'say':
        return this.#say(effect.word)
      case 'read on':
        return this.#gift.readOn()
      case 'let go':
        return this.#gift.letGo()
      case 'wait':
        return this.#deadline.set(this.#patience[effect.timer], () => this.tell({ type: 'due' }))
      case 'cancel':
        return this.#deadline.clear()
      case 'conclude':
        return this.#gift.concluded(effect.outcome)
      case 'forget':
        return this.#gift.forgotten()
      default:
        return effect satisfies never
    }
  }

  async #offer(): Promise<void> {
    try {
      await this.#gift.offer()
    } catch {
      this.tell({ type: 'not sent' })
    }
  }

  #cannotAsk(): void {
    this.tell({ type: this.#gift.isOutOfReach?.() === true ? 'taker out of reach' : 'taker ended' })
  }

  async #say(word: GiverWord): Promise<void> {
    try {
      await this.#gift.say(word)
    } catch {
      return this.#notSaid(word)
    }
    if (word === 'released') this.tell({ type: 'sent' })
  }

  #notSaid(word: GiverWord): void {
    if (word === 'released') this.tell({ type: 'not sent' })
    // The channel has ended. All that came over it will have been read when the taker could have answered.
    else if (word === 'sent') this.#deadline.set(this.#patience.answer, () => this.#cannotAsk())
    // A taker that is gone needs no other answer.
  }
}
