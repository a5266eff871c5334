import { MODULES } from './all-modules.js'

/**
 * How long to wait before the modules are loaded: callers of `listen` and the first clients come first. After a
 * failure, they are tried again after the same time. Milliseconds.
 */
const DELAY = 1000

/**
 * Loads what this process has not needed so far, soon and one module in each turn of the event loop: a reload or a stop
 * must not begin with that, and the files may be those of another release by then.
 *
 * Not under Jest, where it is an error to load anything when a test file is over, as it may be for an app that was left
 * open: https://jestjs.io/docs/environment-variables
 *
 * @param failed - called for a module that cannot be loaded, as when all file descriptors are in use. It is tried again
 *   until it can be loaded
 * @returns a function that leaves the rest undone
 */
export function loadLaterModules(
  failed: (error: unknown) => void,
  modules?: ReadonlyArray<() => unknown>,
  delay = DELAY
): () => void {
  let isStopped = process.env.JEST_WORKER_ID !== undefined
  let timer: NodeJS.Timeout
  const loadSoon = (at: number) => {
    timer = setTimeout(loadFrom, delay, at).unref()
  }
  const loadFrom = (at: number) => {
    if (isStopped) return
    try {
      const load = (modules ?? MODULES)[at]
      if (load === undefined) return
      load()
      setImmediate(loadFrom, at + 1)
    } catch (error) {
      failed(error)
      loadSoon(at)
    }
  }
  loadSoon(0)
  return () => {
    isStopped = true
    clearTimeout(timer)
  }
}

/**
 * Loads at once what is left of it: whatever begins here must not need the disk half way through, when there may be no
 * file descriptor.
 *
 * @throws {Error} when a file cannot be read
 */
export function loadModulesNow(modules: ReadonlyArray<() => unknown> = MODULES): void {
  for (const load of modules) load()
}
