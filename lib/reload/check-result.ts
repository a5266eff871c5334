import type { Release } from './release.js'

/** How long the parts of a check took, in milliseconds. */
export interface CheckTimings {
  /** From the start of the child until it is ready, warm-up included. Milliseconds. */
  boot: number
  /** The part of `boot` that was the warm-up; undefined without one. Milliseconds. */
  warmup?: number
  /** From the end of the tests until the child has ended. Milliseconds. */
  end: number
  /** From the request to the end of the child. Milliseconds. */
  total: number
}

/**
 * What `app.graceful.check()` resolves with: a reload would have succeeded so far. Plain JSON: a route can return it.
 */
export interface CheckResult {
  /** The generation that a reload would have led to. */
  generation: number
  /** The process that was checked, which has ended. */
  pid: number
  /** The release that it had loaded. */
  release: Release
  /** Whether that is what this process has loaded, as far as paths and versions tell. */
  unchanged: boolean
  /** The addresses on which it listened in addition, as a reload would. */
  opens: string[]
  /** The addresses of this process on which the child did not listen: a reload would close them. */
  closes: string[]
  /**
   * Whether its apps closed, with exit code 0, when it had the order to end. If not, a stop or a further reload would
   * not be clean; or the check was cut short for a reload.
   */
  closed: boolean
  /**
   * Whether the release has a version of this plugin with checks. If not, it has booted, and nothing else was tested.
   */
  complete: boolean
  /** The given reason of the check. */
  reason: string
  /** How long the parts of the check took. Milliseconds. */
  timings: CheckTimings
}
