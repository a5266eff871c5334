/** A count with separated thousands. */
export function count(number) {
  return number.toLocaleString('en')
}

/** A duration that a person can compare. */
export function duration(milliseconds) {
  return milliseconds < 1000 ? `${Math.round(milliseconds)} ms` : seconds(milliseconds)
}

export function seconds(milliseconds) {
  return `${(milliseconds / 1000).toFixed(1)} s`
}
