/** How a person says durations and sizes. */

const SECOND = 1000
const MINUTE = 60 * SECOND
const HOUR = 60 * MINUTE
const DAY = 24 * HOUR

/** Two units at most: `310 ms`, `12.3 s`, `3 min 12 s`, `2 h 14 min`, `5 d 3 h`. */
export function duration(milliseconds: number): string {
  if (milliseconds < SECOND) return `${Math.round(milliseconds)} ms`
  if (milliseconds < MINUTE) return `${inSeconds(milliseconds)} s`
  if (milliseconds < HOUR) return pair(milliseconds, MINUTE, 'min', SECOND, 's')
  if (milliseconds < DAY) return pair(milliseconds, HOUR, 'h', MINUTE, 'min')
  return pair(milliseconds, DAY, 'd', HOUR, 'h')
}

function pair(value: number, large: number, largeName: string, small: number, smallName: string): string {
  const rest = Math.floor((value % large) / small)
  const whole = `${Math.floor(value / large)} ${largeName}`
  return rest === 0 ? whole : `${whole} ${rest} ${smallName}`
}

/** So long of so long. */
export function spent({ elapsed, duration: whole }: { elapsed: number; duration: number }): string {
  return `${inSeconds(elapsed)} of ${inSeconds(whole)} s`
}

/** Seconds with one digit behind the point. */
export function inSeconds(milliseconds: number): string {
  return (Math.floor(milliseconds / 100) / 10).toFixed(1)
}

/** Bytes, as of the SI. */
export function size(bytes: number): string {
  return `${(bytes / 1e6).toFixed(1)} MB`
}

/** `1 connection`, `2 connections`. */
export function counted(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? '' : 's'}`
}
