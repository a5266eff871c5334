/** The timers and the clock of Node. */
export interface Timers {
  readonly setImmediate: (callback: () => void) => unknown
  readonly setInterval: (callback: () => void, interval: number) => NodeJS.Timeout
  readonly clearInterval: (timer: NodeJS.Timeout | undefined) => void
  /** Milliseconds. */
  readonly now: () => number
}

/**
 * Takes them as they are now. By the time that an app closes, a test may have replaced them by fake ones, which stand
 * still.
 */
export function takeTimers(): Timers {
  const { setImmediate, setInterval, clearInterval } = globalThis
  return { setImmediate, setInterval, clearInterval, now: performance.now.bind(performance) }
}
