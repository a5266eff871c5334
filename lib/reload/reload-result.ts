import type { Release } from './release.js'
import type { ReloadHealth } from './reload-health.js'

/** One generation of the service: which one, and the process that is it. */
export interface GenerationId {
  /** 1, 2, 3 …: one more than the number of reloads before it. */
  generation: number
  /** The id of its process. */
  pid: number
}

/** How long the parts of a reload took, in milliseconds. */
export interface ReloadTimings {
  /** From the start of the child until it is ready. Milliseconds. */
  boot: number
  /** From there until the child accepts. Milliseconds. */
  handoff: number
  /** From there until the end of the probation. Milliseconds. */
  probation: number
  /** From the request to the end of the probation. Milliseconds. */
  total: number
}

/** The same of a reload that failed: of the steps that it reached. */
export type ReachedTimings = Partial<ReloadTimings> & Pick<ReloadTimings, 'total'>

/** What `app.gracefulReload()` resolves with. Plain JSON: a route can return it. */
export interface ReloadResult extends GenerationId {
  /** The generation that was replaced: that of the process that made the reload. */
  previous: GenerationId
  /** The release of the new generation; undefined if it was started in place of a server that was down. */
  release?: Release
  /**
   * Whether that is what the previous one had loaded, as far as paths and versions tell; undefined without `release`.
   */
  unchanged?: boolean
  /** How many open connections had moved to the new generation when the reload was done. */
  migrated: number
  /** The given reason of the reload, or its signal. */
  reason: string
  /** How long the parts of the reload took. Milliseconds. */
  timings: ReloadTimings
  /** The answers of both generations; undefined with `health: false`. */
  health?: ReloadHealth
  /** With several workers of a launcher: the result of each; otherwise undefined. */
  workers?: ReloadResult[]
}
