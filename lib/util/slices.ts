import { setImmediate as nextTurnOfLoop } from 'node:timers/promises'

/** For how long at a time, while requests wait. Milliseconds. */
const SLICE = 0.5
/** How many are visited before the clock is looked at. */
const STRIDE = 16

/**
 * Visits each of many things, as many in one turn of the event loop as fit into half a millisecond. What is added to a
 * Set meanwhile is visited too: https://tc39.es/ecma262/#sec-set.prototype.foreach
 */
export async function visitInSlices<T>(items: Iterable<T>, visit: (item: T) => void): Promise<void> {
  let [visited, end] = [0, performance.now() + SLICE]
  for (const item of items) {
    visit(item)
    visited += 1
    if (visited % STRIDE !== 0 || performance.now() < end) continue
    await nextTurnOfLoop()
    end = performance.now() + SLICE
  }
}
