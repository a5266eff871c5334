import type { History } from '../control/history.js'
import { type Load, sumOfLoads } from '../metrics/load.js'
import type { MetricsReport, WorkerReport } from '../metrics/report.js'
import type { Member, Roster } from './roster.js'
import type { Server } from './server.js'
import { answerOf, asOfNow, type ServerAnswer } from './status.js'

type Answers = ReadonlyMap<Server, ServerAnswer>

/** What a launcher knows about all its servers, including those that only finish their requests. */
export async function metricsOf(roster: Roster, history: History): Promise<MetricsReport> {
  // A server that boots while another one serves has nothing yet.
  const members = roster.members.filter(({ isCurrent, server }) => isCurrent || server.service !== undefined)
  const asked = members.map(async ({ server }) => ({ server, answer: await answerOf(server) }))
  const told = await Promise.all(asked)
  // All of one moment: while servers are asked, others may crash.
  const answers: Answers = new Map(told.map(({ server, answer }) => [server, asOfNow(server, answer)]))
  const removed = members.filter(({ place }) => place < 0)
  return {
    workers: members.filter(({ isCurrent }) => isCurrent).map((place) => workerOf(place, members, answers)),
    wanted: roster.count,
    removed: removed.length === 0 ? undefined : sumOfLoads(loadsOf(removed, answers)),
    isReloading: roster.roll !== undefined,
    history: history.report,
    counts: roster.counts,
    draining: members.filter(isDraining).length
  }
}

function workerOf({ place, server }: Member, all: readonly Member[], answers: Answers): WorkerReport {
  const members = all.filter((member) => member.place === place)
  // Within a probation that is the successor, as in a status.
  const accepting = members.find(({ isAccepting }) => isAccepting)
  const shown = accepting?.server ?? server
  const { status } = answers.get(shown) as ServerAnswer
  const serving = accepting && answers.get(accepting.server)?.load
  const draining = sumOfLoads(loadsOf(members.filter(isDraining), answers))
  return { worker: place + 1, status, started: shown.started, serving, draining }
}

function loadsOf(members: readonly Member[], answers: Answers): Load[] {
  return members.flatMap(({ server }) => answers.get(server)?.load ?? [])
}

function isDraining({ server, isAccepting }: Member): boolean {
  return server.isAlive && server.service !== undefined && !isAccepting
}
