import type { Launcher, ServerId } from './launcher-state.js'

/** A server that has served, and that no worker has. */
export interface Former {
  readonly id: ServerId
  /**
   * Whether it is certain that it leaves: a parent whose child is on probation may come back, and a child on probation
   * may come to serve.
   */
  readonly leaves: boolean
}

/** Servers that have served and that no worker has. Their numbers rise. */
export function formerOf({ servers, workers, roll }: Launcher): Former[] {
  const current = new Map(workers.map((worker) => [worker.id, worker.current ?? -1]))
  const making = new Set(roll?.turns.map(({ server }) => server))
  return servers
    .filter(({ id, worker, stage }) => stage === 'serving' && current.get(worker) !== id)
    .map(({ id, worker, leaves }) => {
      return {
        id,
        leaves: leaves !== 'no' || !current.has(worker) || (id < (current.get(worker) ?? -1) && !making.has(id))
      }
    })
}
