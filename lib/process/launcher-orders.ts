import { placeOf } from '../control/progress-news.js'
import { type CheckProgress, type ProcessStatus, positionOf, type ReloadPosition } from '../control/reports.js'
import type { CheckResult } from '../reload/check-result.js'
import { UNDONE } from '../reload/conclusion.js'
import type { ReloadResult } from '../reload/reload-result.js'
import type { Exit } from './exit.js'
import { checkInProgress, inProgress } from './in-progress.js'
import type { LauncherClient } from './launcher-client.js'
import type { Parts } from './parts.js'
import type { ServerHost } from './server-host.js'

/** Does what the launcher orders: its orders become inputs of the machine. */
export function obeyLauncher(
  launcher: LauncherClient,
  parts: Parts,
  exit: Exit,
  { status, makeCheck }: { status: () => ProcessStatus; makeCheck: (reason: string) => Promise<CheckResult> }
): void {
  const { callers, host, service, shutdown, asChild, conclusion } = parts
  launcher.attach({
    makeReload: (reason, moved) => {
      const [ask, outcome] = callers.add()
      exit.obey(reason, 'reload', () => host.tell({ type: 'reload', ask, reason, supervised: true }))
      const find = () => positionOf(inProgress(parts))
      return followed(host, outcome as Promise<ReloadResult>, find, moved)
    },
    timingsOf: (error) => conclusion.timingsOf(error),
    makeCheck: (reason, moved) => followed(host, makeCheck(reason), () => checkInProgress(parts), moved),
    commit: () => host.tell({ type: 'commit' }),
    undo: (error) => {
      conclusion.undoneBy = error
      host.tell({ type: 'undo', reason: UNDONE })
    },
    fairShare: (count) => {
      if (service.surplus !== undefined) service.surplus.fairShare = count
    },
    connection: (...word) => service.surplus?.heard(...word),
    parentEnded: () => asChild?.parentEnded(),
    report: () => ({ status: status(), load: service.load, counts: service.counter.counts }),
    counts: () => service.counter.counts,
    history: (history) => service.history.follow(history),
    stop: (reason, asOne) => {
      shutdown.told(asOne)
      exit.obey(reason, 'stop', () => exit.stop(reason, asOne))
    },
    force: (reason) => exit.obey(reason, 'force', () => exit.force(reason))
  })
}

/** Reports how far something is, at each step from the moment on when there is a child, until it has its outcome. */
function followed<T, P extends ReloadPosition | CheckProgress>(
  host: ServerHost,
  outcome: Promise<T>,
  find: () => P | undefined,
  moved: (position: P) => void
): Promise<T> {
  let place = placeOf(undefined)
  const stop = host.onRested(() => {
    const position = find()
    if (position?.child === undefined || placeOf(position) === place) return
    place = placeOf(position)
    moved(position)
  })
  return outcome.finally(stop)
}
