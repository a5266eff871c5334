/** Milliseconds on a clock that the processes of this machine share; `performance.now()` begins anew in each. */
export function now(): number {
  return Number(process.hrtime.bigint()) / 1e6
}
