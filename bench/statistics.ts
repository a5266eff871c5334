/** The spread of a list of measurements. */
export interface Summary {
  count: number
  min: number
  q1: number
  median: number
  q3: number
  max: number
}

/**
 * The value below which a fraction of the values lies, interpolated between the two that are nearest to it.
 *
 * @throws {RangeError} when there are no values, or the fraction is not between 0 and 1
 */
export function quantile(values: readonly number[], fraction: number): number {
  if (!(fraction >= 0 && fraction <= 1)) throw new RangeError(`fraction must be from 0 to 1, received ${fraction}`)
  const sorted = [...values].sort((a, b) => a - b)
  const position = (sorted.length - 1) * fraction
  const lower = sorted[Math.floor(position)]
  const upper = sorted[Math.ceil(position)]
  if (lower === undefined || upper === undefined) throw new RangeError('there are no values')
  return lower + (upper - lower) * (position - Math.floor(position))
}

/** The middle of the values. */
export function median(values: readonly number[]): number {
  return quantile(values, 0.5)
}

/** Median, quartiles and extremes of the values. */
export function summarize(values: readonly number[]): Summary {
  return {
    count: values.length,
    min: quantile(values, 0),
    q1: quantile(values, 0.25),
    median: median(values),
    q3: quantile(values, 0.75),
    max: quantile(values, 1)
  }
}

/**
 * Each value divided by the one that was measured beside it.
 *
 * @throws {RangeError} when the lists differ in length
 */
export function ratios(values: readonly number[], bases: readonly number[]): number[] {
  if (values.length !== bases.length) throw new RangeError(`${values.length} values beside ${bases.length}`)
  return values.map((value, index) => value / (bases[index] as number))
}
