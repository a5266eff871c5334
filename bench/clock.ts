/** Milliseconds on a clock that the processes of this machine share; `performance.now()` starts at zero in each. */
export function now(): number {
  return Number(process.hrtime.bigint()) / 1e6
}
