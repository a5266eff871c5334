import type { Release } from './release.js'

/** How long the parts of a check took, in milliseconds. */
export interface CheckTimings {
  /** From starting the child to its word that it is ready, its warm-up included. */
  boot: number
  /** What of that was the warm-up; undefined without one. */
  warmup?: number
  /** From the word that the child has passed to its end. */
  end: number
  /** From the request to the end of the child. */
  total: number
}

/** What `app.graceful.check()` resolves with: a reload would have succeeded so far. Plain JSON: a route can return it. */
export interface CheckResult {
  /** The generation that a reload would have led to. */
  generation: number
  /** The process that was checked, which has ended. */
  pid: number
  /** What it had loaded. */
  release: Release
  /** Whether that is what this process has loaded, as far as paths and versions tell. */
  unchanged: boolean
  /** Where it listened in addition, and a reload would. */
  opens: string[]
  /** What this process listens on and nobody asked for there: a reload would close it. */
  closes: string[]
  /**
   * Whether its apps closed, with exit code 0, when it was told to end. If not, a stop or a further reload would not be clean; or
   * the check was cut short for a reload.
   */
  closed: boolean
  /** Whether the release has a version of this plugin that knows checks. One that does not has booted, and no more was tried. */
  complete: boolean
  /** What was given as the reason of the check. */
  reason: string
  timings: CheckTimings
}
