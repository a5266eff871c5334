import { MODULES } from '../util/modules.js'

/** Whoever waits for this process to listen, and its first clients, come before this. Milliseconds. */
const DELAY = 1000

/**
 * Loads what this process has not needed so far, soon and one module in each turn of the event loop: a reload or a stop must not begin
 * with that, and the files may be those of another release by then.
 *
 * Not under Jest, where it is an error to load anything when a test file is over, as it may be for an app that was left open:
 * https://jestjs.io/docs/environment-variables
 *
 * @returns a function that leaves the rest undone
 */
export function loadLaterModules(modules?: ReadonlyArray<() => unknown>): () => void {
  let isStopped = process.env.JEST_WORKER_ID !== undefined
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
