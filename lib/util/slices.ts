import { setImmediate as nextTurnOfLoop } from 'node:timers/promises'

/**
 * Visits each of many things, as many in one turn of the event loop as fit into `slice`: others wait meanwhile. What is
 * added to a Set or Map meanwhile is visited too: https://tc39.es/ecma262/#sec-set.prototype.foreach
 *
 * @param slice - milliseconds
 */
export async function visitInSlices<T>(items: Iterable<T>, slice: number, visit: (item: T) => void): Promise<void> {
  let end = performance.now() + slice
  for (const item of items) {
    visit(item)
    if (performance.now() < end) continue
    await nextTurnOfLoop()
    end = performance.now() + slice
  }
}
