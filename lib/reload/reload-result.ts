import type { Release } from './release.js'
import type { ReloadHealth } from './reload-health.js'

/** One generation of the service: which one, and the process that is it. */
export interface GenerationId {
  generation: number
  pid: number
}

/** How long the parts of a reload took, in milliseconds. */
export interface ReloadTimings {
  /** From starting the child to its word that it is ready. */
  boot: number
  /** From that word to the child accepting. */
  handoff: number
  /** From the child accepting to the end of its probation. */
  probation: number
  /** From the request to the end of the probation. */
  total: number
}

/** What `app.gracefulReload()` resolves with. Plain JSON: a route can return it. */
export interface ReloadResult extends GenerationId {
  previous: GenerationId
  /** What the new generation has loaded; undefined if it was started in place of a server that was down. */
  release?: Release
  /** Whether that is what the previous one had loaded, as far as paths and versions tell. */
  unchanged?: boolean
  /** How many open connections had moved to the new generation when the reload was done. */
  migrated: number
  /** What was given as the reason of the reload, or the signal that asked for it. */
  reason: string
  timings: ReloadTimings
  /** What the requests of both generations came to; undefined with `health: false`. */
  health?: ReloadHealth
  /** Of a launcher with several workers: what the reload of each came to. */
  workers?: ReloadResult[]
}
