/** The rows for bars that are shown at the same time. */
const ROWS = [0, 1, 2]

/** The phases of all processes of one server: the bars of the page. */
export class Processes {
  bars = []
  #now

  constructor(now) {
    this.#now = now
  }

  /** A process boots. Its pid may not be known yet. */
  start(generation, pid) {
    const bar = { generation, pid, row: this.#freeRow(), phases: [], to: undefined, end: undefined }
    this.bars.push(bar)
    this.enter(bar, 'booting')
    return bar
  }

  enter(bar, phase) {
    if (bar === undefined || bar.to !== undefined || bar.phases.at(-1)?.phase === phase) return
    bar.phases.push({ phase, from: this.#now() })
  }

  /** @param how - in a word, if it did not end well */
  end(bar, how) {
    if (bar === undefined || bar.to !== undefined) return
    Object.assign(bar, { to: this.#now(), end: how })
  }

  /** The process with this pid, as long as it is there. */
  find(pid) {
    return this.bars.find((bar) => bar.pid === pid && bar.to === undefined)
  }

  /** The process that is in one of these phases. */
  in(...phases) {
    return this.bars.find((bar) => bar.to === undefined && phases.includes(bar.phases.at(-1).phase))
  }

  forget(oldest) {
    this.bars = this.bars.filter(({ to }) => to === undefined || to >= oldest)
  }

  /** The row that has been free for the longest time. Behind a bar stands how its process ended. */
  #freeRow() {
    const takenUntil = (row) =>
      Math.max(...this.bars.filter((bar) => bar.row === row).map(({ to = Number.POSITIVE_INFINITY }) => to))
    return ROWS.toSorted((a, b) => takenUntil(a) - takenUntil(b))[0]
  }
}
