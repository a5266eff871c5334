import type { ResolvedOptions } from '../options.js'

/**
 * Shorter durations than these are rather seconds than milliseconds, as in `drainTimeout: 20`: within a tenth of a second no program boots,
 * no slow request ends, and no load balancer looks. A probation is often a few seconds, and may be short where nobody watches. 0 is
 * the same in every unit, and means that there is no such time. Milliseconds.
 */
const LEAST_LIKELY = { readyTimeout: 100, drainTimeout: 100, lameDuck: 100, probation: 50 } as const

/** What is odd about options that can be used: a sentence for each. */
export function doubtsOf(options: ResolvedOptions): string[] {
  return Object.entries(LEAST_LIKELY)
    .map(([name, least]) => ({ name, least, value: options[name as keyof typeof LEAST_LIKELY] }))
    .filter(({ value, least }) => value > 0 && value < least)
    .map(
      ({ name, value }) => `option ${name} is ${value} milliseconds; if seconds are meant, it must be ${value * 1000}`
    )
}
