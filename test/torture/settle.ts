import type { TestServer } from '../support/server.js'
import type { Traces } from '../support/traces.js'
import { hasHeardAll, untilTrue } from '../support/tree.js'
import { launcherOf, serversOf } from './victims.js'

/**
 * How long it may take until nothing happens any more: reloads can wait for each other, each with all its limits.
 * Milliseconds.
 */
const LIMIT = 180_000

/** Waits until nothing happens any more: so many servers serve, or no process is left. Returns those that serve. */
export async function untilSettled(server: TestServer, traces: Traces, count: number): Promise<number[]> {
  let pids: number[] = []
  const isSettled = () => {
    pids = serversOf(server)
    if (pids.length === 0) return server.alive().length === 0
    const isWhole = !server.isLaunched || launcherOf(server) !== undefined
    return isWhole && pids.length === count && pids.every((pid) => traces.placeOf(pid)?.name === 'serving')
  }
  for (;;) {
    await untilTrue(server, 'end of all that was in progress', isSettled, LIMIT)
    const before = pids.join()
    const heard = await Promise.all(pids.map((pid) => hasHeardAll(server, pid)))
    if (heard.every(Boolean) && isSettled() && pids.join() === before) return pids
  }
}
