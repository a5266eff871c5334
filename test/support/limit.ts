/**
 * How long a test waits for anything before it fails: much longer than anything takes on a busy machine. Milliseconds.
 */
export const WAIT_LIMIT = 120_000

/** Longer than any test, for an option: what ends earlier was not ended by that option. Milliseconds. */
export const FOR_EVER = 2 ** 30

/**
 * By how much a duration may seem too short. Milliseconds. Node counts its timers in whole milliseconds, from the last
 * one begun: https://nodejs.org/api/timers.html#settimeoutcallback-delay-args
 */
export const EARLY = 2

/** A failure of the servers under test; tap prints their output below it. */
export class ServerFailure extends Error {
  readonly output: string[]

  constructor(message: string, output: string) {
    super(message)
    this.name = 'ServerFailure'
    this.output = output.split('\n')
  }
}

/**
 * Waits for a promise, but only for a limited time.
 *
 * @throws {ServerFailure} naming `what` was awaited, with what `explain` returns at that moment
 */
export async function within<T>(promise: Promise<T>, what: string, explain = () => '', limit = WAIT_LIMIT): Promise<T> {
  let timer: NodeJS.Timeout | undefined
  const expired = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => reject(new ServerFailure(`no ${what} within ${limit} ms`, explain())), limit)
  })
  try {
    return await Promise.race([promise, expired])
  } finally {
    clearTimeout(timer)
  }
}
