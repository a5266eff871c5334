import type { Counter } from './counter.js'
import { type Counts, difference, latest, noCounts, sum } from './counts.js'
import { type Load, sumOfLoads } from './load.js'

/** What one process reports to another one about itself, and about the processes that report to it in turn. */
export interface Tally {
  /**
   * What the sender, and the processes that report to it, have counted since the two met; without what the receiver
   * itself has reported.
   */
  counts: Counts
  load: Load
  /** How many processes report to it that finish what they have. */
  draining: number
}

/** The parent of this process, or the number of a child of it. */
export type RelativeId = 'parent' | number

/** A process that serves the same clients, before or after this one. */
interface Relative {
  /** What this process knew when the two met. */
  readonly met: Counts
  /** What the other one has reported since then. */
  told: Tally | undefined
  /** The other one accepts nothing; this process does, or one that it will report to. */
  isDraining: boolean
}

/** How often this process reports to another one. Milliseconds. */
const INTERVAL = 1000

/**
 * The counts over all generations: the process that answers knows what earlier ones have counted, and what they still
 * count. A process that leaves reports to the one that stays. A child on probation reports to its parent, which may
 * have to answer again.
 */
export class Ledger {
  readonly #own: Counter
  readonly #loadNow: () => Load
  /** From others that are gone. */
  #inherited = noCounts()
  readonly #relatives = new Map<RelativeId, Relative>()
  readonly #hearers = new Map<RelativeId, (tally: Tally) => unknown>()
  #timer: NodeJS.Timeout | undefined

  /** @param own - what this process counts */
  constructor(own: Counter, loadNow: () => Load) {
    this.#own = own
    this.#loadNow = loadNow
  }

  /** Over all generations, as far as this process knows. */
  get total(): Counts {
    return this.#totalWith(this.#own.counts)
  }

  /** What the processes have in progress that finish beside this one, and how many they are. */
  get beside(): { load: Load; draining: number } {
    return this.#beside(undefined)
  }

  /** What the generations before this one had counted when it took over. */
  inherit(counts: Counts): void {
    this.#inherited = { ...counts }
  }

  /** The other process has got all that this one has counted so far. */
  meet(id: RelativeId, isDraining: boolean): void {
    this.#relatives.set(id, { met: this.total, told: undefined, isDraining })
  }

  /** One of the two has given the service back, so now it drains, and the other one serves. */
  drains(id: RelativeId, isDraining: boolean): void {
    const relative = this.#relatives.get(id)
    if (relative !== undefined) relative.isDraining = isDraining
  }

  heard(id: RelativeId, told: Tally): void {
    const relative = this.#relatives.get(id)
    if (relative === undefined) return
    relative.told = { ...told, counts: latest(told.counts, relative.told?.counts ?? noCounts()) }
  }

  /** It has ended, and this process has read all its messages. */
  ended(id: RelativeId): void {
    this.quiet(id)
    const relative = this.#relatives.get(id)
    if (relative?.told !== undefined) this.#inherited = sum(this.#inherited, relative.told.counts)
    this.#relatives.delete(id)
  }

  /** Reports to a process at intervals what this one has counted. */
  report(id: RelativeId, tell: (tally: Tally) => unknown): void {
    this.#hearers.set(id, tell)
    this.#timer ??= setInterval(() => this.tell(), INTERVAL).unref()
  }

  /** Ends the reports to it. */
  quiet(id: RelativeId): void {
    this.#hearers.delete(id)
    if (this.#hearers.size > 0) return
    clearInterval(this.#timer)
    this.#timer = undefined
  }

  /** Reports now. Resolves when the reports are on their way. */
  async tell(): Promise<void> {
    await Promise.all([...this.#hearers].map(([id, tell]) => tell(this.#tallyFor(id, this.#own.counts))))
  }

  /** Sends the last reports: this process ends, and with it all that it has open. */
  close(): void {
    for (const [id, tell] of this.#hearers) {
      tell(this.#tallyFor(id, this.#own.atEnd))
      this.quiet(id)
    }
  }

  #totalWith(own: Counts): Counts {
    const told = [...this.#relatives.values()].flatMap(({ told }) => told?.counts ?? [])
    return sum(this.#inherited, own, ...told)
  }

  #tallyFor(id: RelativeId, own: Counts): Tally {
    const { met = noCounts(), told } = this.#relatives.get(id) ?? {}
    const { load, draining } = this.#beside(id)
    const counts = difference(this.#totalWith(own), told === undefined ? met : sum(met, told.counts))
    return { counts, load: sumOfLoads([this.#loadNow(), load]), draining }
  }

  #beside(but: RelativeId | undefined): { load: Load; draining: number } {
    const others = [...this.#relatives].filter(([id, { isDraining }]) => id !== but && isDraining)
    const told = others.flatMap(([, relative]) => relative.told ?? [])
    const draining = others.length + told.reduce((all, one) => all + one.draining, 0)
    return { load: sumOfLoads(told.map(({ load }) => load)), draining }
  }
}
