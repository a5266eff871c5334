import type { Sample } from '../observation.js'

/** What the clients of one party saw of a reload, and what all its reloads cost them. */
export interface Timeline {
  name: string
  /** Of the reload that is shown, and of some time around it. */
  samples: readonly Sample[]
  reload: ReloadSpan
  /** Of all reloads. */
  losses: Losses
}

/** What clients lost in some reloads. */
export interface Losses {
  reloads: number
  /** Requests that failed. */
  failed: number
  /** Connections that were closed. */
  closed: number
}

/** One reload, on the clock of the samples. Milliseconds. */
export interface ReloadSpan {
  /** The request for it. */
  from: number
  /** All that accepts is new. */
  to: number
  /** Nothing of the old code runs. */
  over: number
}

/** The worst latency of a short time, and how many requests failed in it. */
export interface Bin {
  /** Its beginning, in milliseconds from the beginning of the window. */
  time: number
  /** 0: no request was answered that began in it. */
  worst: number
  failed: number
}

/** How long a bin is. Milliseconds. */
export const BIN = 20

/** Sorts the requests that began within the window into short times. Times without any are left out. */
export function binSamples(samples: readonly Sample[], { from, to }: { from: number; to: number }, width = BIN): Bin[] {
  const bins = new Map<number, Bin>()
  for (const { begun, ended, failed } of samples) {
    if (begun < from || begun > to) continue
    const time = Math.floor((begun - from) / width) * width
    const bin = bins.get(time) ?? { time, worst: 0, failed: 0 }
    if (failed) bin.failed += 1
    else bin.worst = Math.max(bin.worst, ended - begun)
    bins.set(time, bin)
  }
  return [...bins.values()].sort((a, b) => a.time - b.time)
}
