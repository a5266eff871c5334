import type { ProcessStatus } from '../control/reports.js'
import type { DrainAnswer, DrainQuestion } from '../protocol/messages.js'
import { unlessSeen } from '../util/unless-seen.js'

/** A process that this one was started by, or has started, and that may still finish its work. */
export interface Relative {
  readonly generation: number
  readonly pid: number
  /** Whether it is certainly on its way out, answer or not. */
  readonly isFormer: boolean
  isAlive(): boolean
  ask(question: DrainQuestion): void
}

/**
 * How long the first of them may take to answer, and which part of its time each has for those behind it. Milliseconds.
 */
const LIMIT = 1000
const SHARE = 0.7

/** How often to look whether a process that owes an answer has ended meanwhile. Milliseconds. */
const LOOK_INTERVAL = 20

/** How many an answer lists. */
const MOST = 16

/**
 * The processes around this one, as links of a chain: each knows its parent and its children, and passes each question
 * on to them. So the serving process learns of all earlier generations that still finish their requests.
 */
export class Relatives {
  readonly #find: () => Relative[]
  readonly #own: () => ProcessStatus | undefined
  readonly #asked = new Map<number, (processes: ProcessStatus[]) => void>()
  #lastId = 0

  /** @param own - the report about this process, if it drains */
  constructor(find: () => Relative[], own: () => ProcessStatus | undefined) {
    this.#find = find
    this.#own = own
  }

  /** The processes that drain. One that does not answer in time is listed as such. */
  async draining(limit = LIMIT, asker?: number): Promise<ProcessStatus[]> {
    const others = this.#find().filter(({ pid }) => pid !== asker)
    const lists = await Promise.all(others.map((other) => this.#ask(other, limit)))
    return lists.flat().slice(0, MOST)
  }

  /** Answers one of them. */
  async answer({ id, limit }: DrainQuestion, asker: number, send: (answer: DrainAnswer) => void): Promise<void> {
    const others = await this.draining(limit * SHARE, asker)
    const own = this.#own()
    send({ type: 'these drain', id, processes: own === undefined ? others : [own, ...others] })
  }

  /** One of them has answered. */
  heard({ id, processes }: DrainAnswer): void {
    this.#asked.get(id)?.(processes as ProcessStatus[])
  }

  #ask(other: Relative, limit: number): Promise<ProcessStatus[]> {
    const id = ++this.#lastId
    const begun = performance.now()
    const answer = new Promise<ProcessStatus[]>((resolve) => this.#asked.set(id, resolve))
    other.ask({ type: 'who drains', id, limit })
    const look = () => (!other.isAlive() || performance.now() - begun >= limit ? silent(other, begun) : undefined)
    return unlessSeen(answer, look, Math.min(limit, LOOK_INTERVAL)).finally(() => this.#asked.delete(id))
  }
}

/** The status of a process that hangs: only what is known from outside. */
function silent(other: Relative, since: number): ProcessStatus[] {
  const { generation, pid, isFormer } = other
  if (!isFormer || !other.isAlive()) return []
  const uptime = Math.round(performance.now() - since)
  return [{ generation, pid, phase: 'no answer', uptime, listeners: [], connections: 0 }]
}
