import { MODULES } from '../util/modules.js'

/** Whoever waits for this process to listen, and its first clients, come before this. Milliseconds. */
const DELAY = 1000

/**
 * Loads what this process has not needed so far, soon and one module in each turn of the event loop: a reload or a stop must not begin
 * with that, and the files may be those of another release by then.
 *
 * @returns a function that leaves the rest undone. A test runner that has ended its environment counts it as an error to load anything.
 */
export function loadLaterModules(modules?: ReadonlyArray<() => unknown>): () => void {
  let isStopped = false
  const loadFrom = (at: number) => {
    const load = (modules ?? MODULES)[at]
    if (isStopped || load === undefined) return
    load()
    setImmediate(loadFrom, at + 1)
  }
  const timer = setTimeout(loadFrom, DELAY, 0).unref()
  return () => {
    isStopped = true
    clearTimeout(timer)
  }
}
