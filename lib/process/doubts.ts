import type { ResolvedOptions } from '../options.js'
import { LEAST_LIKELY, unitDoubt } from '../util/unit-doubt.js'

/**
 * From where on a duration is taken as it is given: `drainTimeout: 20` is rather a number of seconds. A probation may be short where
 * nobody watches. Milliseconds.
 */
const LEAST = {
  readyTimeout: LEAST_LIKELY,
  drainTimeout: LEAST_LIKELY,
  lameDuck: LEAST_LIKELY,
  reloadDrainTimeout: LEAST_LIKELY,
  closeTimeout: LEAST_LIKELY,
  probation: 50
} as const

/** What is odd about options that can be used: a sentence for each. */
export function doubtsOf(options: ResolvedOptions): string[] {
  const names = Object.keys(LEAST) as Array<keyof typeof LEAST>
  // That of a reload is that of a stop unless it is given: one doubt is enough.
  const isSame = options.reloadDrainTimeout === options.drainTimeout
  return names
    .filter((name) => name !== 'reloadDrainTimeout' || !isSame)
    .map((name) => unitDoubt(`option ${name}`, options[name], LEAST[name]))
    .filter((doubt) => doubt !== undefined)
}
