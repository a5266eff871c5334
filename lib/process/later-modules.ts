import { MODULES } from '../modules.js'

/** Whoever waits for this process to listen, and its first clients, come before this. Milliseconds. */
const DELAY = 1000

/**
 * Loads what this process has not needed so far, soon and one module in each turn of the event loop: a reload or a stop must not begin
 * with that, and the files may be those of another release by then.
 *
 * @returns a function that leaves the rest undone. A test runner that has ended its environment counts it as an error to load anything.
 */
export function loadLaterModules(modules?: ReadonlyArray<() => unknown>): () => void {
  let immediate: NodeJS.Immediate | undefined
  const loadFrom = (at: number) => {
    const load = (modules ?? MODULES)[at]
    if (load === undefined) return
    load()
    immediate = setImmediate(loadFrom, at + 1).unref()
  }
  const timer = setTimeout(loadFrom, DELAY, 0).unref()
  return () => {
    clearTimeout(timer)
    clearImmediate(immediate)
  }
}
