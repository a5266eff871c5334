import type { OwnedConnections } from '../connections/owned.js'
import type { Holds } from '../process/holds.js'

/** What a process has in progress. */
export interface Load {
  /** Connections of clients that are open. */
  connections: number
  /** Those of them that speak another protocol by now, such as WebSocket. */
  upgraded: number
  /** Requests that have begun and are not answered whole. Of pipelined ones on one connection the first counts. */
  requests: number
  /** What a drain waits for beside them: `app.graceful.hold`. */
  holds: number
}

const NOTHING: Load = { connections: 0, upgraded: 0, requests: 0, holds: 0 }

/** What a process has in progress now. It is looked up, and costs nothing until somebody asks. */
export function loadOf(
  connections: ReturnType<OwnedConnections['of']>,
  apps: Iterable<{ readonly holds: Holds }>
): Load {
  const load = { ...NOTHING }
  for (const each of connections) {
    load.connections += each.size
    load.upgraded += each.upgraded
    load.requests += each.requests
  }
  for (const { holds } of apps) load.holds += holds.names.length
  return load
}

/** All of it together. */
export function sumOfLoads(loads: readonly Load[]): Load {
  return loads.reduce(
    (all, one) => ({
      connections: all.connections + one.connections,
      upgraded: all.upgraded + one.upgraded,
      requests: all.requests + one.requests,
      holds: all.holds + one.holds
    }),
    NOTHING
  )
}
