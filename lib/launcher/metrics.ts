import type { History } from '../control/history.js'
import { type Load, sumOfLoads } from '../metrics/load.js'
import type { MetricsReport, WorkerReport } from '../metrics/report.js'
import type { Server } from './server.js'
import { answerOf, type ServerAnswer } from './status.js'
import type { Member, Workers } from './workers.js'

/** What a launcher knows of all its servers, those included that only finish what they have. */
export async function metricsOf(workers: Workers, history: History): Promise<MetricsReport> {
  const { members } = workers
  const answers = new Map(
    await Promise.all(
      members.map(async ({ server }): Promise<[Server, ServerAnswer]> => [server, await answerOf(server)])
    )
  )
  const places = members.filter(({ isCurrent }) => isCurrent)
  return {
    workers: places.map((place) => workerOf(place, members, answers)),
    isReloading: workers.roll !== undefined,
    history: history.report,
    counts: workers.counts,
    draining: members.filter(isDraining).length
  }
}

function workerOf(
  { place, server }: Member,
  members: readonly Member[],
  answers: ReadonlyMap<Server, ServerAnswer>
): WorkerReport {
  const { status } = answers.get(server) as ServerAnswer
  const loadsOf = (isMeant: (member: Member) => boolean): Load[] =>
    members
      .filter((member) => member.place === place && isMeant(member))
      .flatMap((one) => answers.get(one.server)?.load ?? [])
  const [serving] = loadsOf(({ isAccepting }) => isAccepting)
  return { worker: place + 1, status, serving, draining: sumOfLoads(loadsOf(isDraining)) }
}

function isDraining({ server, isAccepting }: Member): boolean {
  return server.isAlive && server.service !== undefined && !isAccepting
}
