import type { ServerId, Turn } from '../protocol/launcher.js'
import type { ReloadResult } from '../reload/reload-result.js'
import type { Server } from './server.js'

/** The result of a reload of all workers: that of the first one; with several workers, all results as `workers`. */
export function resultOf(
  turns: readonly Turn[],
  reason: string,
  find: (id: ServerId | undefined) => Server | undefined
): ReloadResult {
  const results = turns.map(({ server, result }) => result ?? resultOfRestart(find(server) as Server, reason))
  const [first] = results as [ReloadResult]
  return results.length === 1 ? first : { ...first, workers: results }
}

/** A server that was started for the reload, in place of one that was down or did not answer. */
function resultOfRestart({ generation, pid, settings, bootTime }: Server, reason: string): ReloadResult {
  const { previous = { generation: generation - 1, pid: 0 } } = settings
  const timings = { boot: bootTime, handoff: 0, probation: 0, total: bootTime }
  return { generation, pid, previous, migrated: 0, reason, timings }
}
