/** Within a tenth of a second no program boots, no slow request ends, and no load balancer looks. Milliseconds. */
export const LEAST_LIKELY = 100

/**
 * What to say of a duration that looks like seconds; undefined: nothing. 0 is the same in every unit, and means that
 * there is no such time.
 *
 * @param what - which duration, as `option drainTimeout`
 * @param value - in milliseconds
 * @param least - below this it is rather seconds; in milliseconds
 */
export function unitDoubt(what: string, value: number, least = LEAST_LIKELY): string | undefined {
  if (value === 0 || value >= least) return undefined
  return `${what} is ${value} milliseconds; if seconds are meant, it must be ${value * 1000}`
}
