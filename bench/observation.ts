/** One request of a client. Times in milliseconds on one clock. */
export interface Sample {
  client: 'fresh' | 'keep-alive'
  begun: number
  /** When it was answered, or had failed. */
  ended: number
  failed: boolean
}

/** A connection that the server wanted to end. */
export interface Closing {
  time: number
  /** Whether a response had said `Connection: close`. */
  announced: boolean
}

/** A stretch of time, in milliseconds. */
export interface Window {
  from: number
  to: number
}

/** After how long a request that has neither an answer nor an end is given up. Milliseconds. */
export const PATIENCE = 5000

/** What clients saw within a window. */
export interface Observation {
  requests: number
  freshFailed: number
  keepAliveFailed: number
  /** How many of the failed requests were given up: no answer came, and the connection stayed open. */
  givenUp: number
  closedUnannounced: number
  closedAnnounced: number
  /** The longest time without any answer. Milliseconds. */
  longestGap: number
  /** The longest that an answered request took. Milliseconds. */
  worstLatency: number
}

/** Sums up the requests that began within the window. */
export function observe(samples: readonly Sample[], closings: readonly Closing[], window: Window): Observation {
  const seen = samples.filter(({ begun }) => isWithin(begun, window))
  const failed = seen.filter((sample) => sample.failed)
  const closed = closings.filter(({ time }) => isWithin(time, window))
  const closedAnnounced = closed.filter(({ announced }) => announced).length
  return {
    requests: seen.length,
    freshFailed: failed.filter(({ client }) => client === 'fresh').length,
    keepAliveFailed: failed.filter(({ client }) => client === 'keep-alive').length,
    givenUp: failed.filter(({ begun, ended }) => ended - begun >= PATIENCE).length,
    closedUnannounced: closed.length - closedAnnounced,
    closedAnnounced,
    longestGap: longestGap(
      samples.filter((sample) => !sample.failed).map(({ ended }) => ended),
      window
    ),
    worstLatency: latencies(samples, window).reduce((worst, latency) => Math.max(worst, latency), 0)
  }
}

/** How long each request took that began within the window and was answered. Milliseconds. */
export function latencies(samples: readonly Sample[], window: Window): number[] {
  return samples
    .filter(({ begun, failed }) => !failed && isWithin(begun, window))
    .map(({ begun, ended }) => ended - begun)
}

/** The longest part of the window in which none of the times lies. */
export function longestGap(times: readonly number[], { from, to }: Window): number {
  const inside = times.filter((time) => isWithin(time, { from, to })).sort((a, b) => a - b)
  const marks = [from, ...inside, to]
  return marks.reduce((longest, mark, index) => Math.max(longest, mark - (marks[index - 1] ?? mark)), 0)
}

function isWithin(time: number, { from, to }: Window): boolean {
  return time >= from && time <= to
}
