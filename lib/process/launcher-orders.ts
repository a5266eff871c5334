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
      const stopFollowing = follow(host, () => positionOf(inProgress(parts)), moved)
      exit.obey(reason, 'reload', () => host.tell({ type: 'reload', ask, reason, supervised: true }))
      return (outcome as Promise<ReloadResult>).finally(stopFollowing)
    },
    timingsOf: (error) => conclusion.timingsOf(error),
    makeCheck: (reason, moved) => {
      const stopFollowing = follow(host, () => checkInProgress(parts), moved)
      return makeCheck(reason).finally(stopFollowing)
    },
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

/** Reports a position whenever it has changed, from the moment on when there is a child. Returns what ends that. */
function follow<P extends ReloadPosition | CheckProgress>(
  host: ServerHost,
  find: () => P | undefined,
  moved: (position: P) => void
): () => void {
  let place = placeOf(undefined)
  return host.onRested(() => {
    const position = find()
    if (position?.child === undefined || placeOf(position) === place) return
    place = placeOf(position)
    moved(position)
  })
}
