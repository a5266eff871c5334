import { placeOf } from '../control/progress-news.js'
import type { CheckProgress, ProcessStatus } from '../control/reports.js'
import type { CheckResult } from '../reload/check-result.js'
import { UNDONE } from '../reload/conclusion.js'
import type { ReloadResult } from '../reload/reload-result.js'
import type { Exit } from './exit.js'
import { checkInProgress } from './in-progress.js'
import type { LauncherClient } from './launcher-client.js'
import type { Parts } from './parts.js'

/** Does what the launcher orders: its orders become inputs of the machine. */
export function obeyLauncher(
  launcher: LauncherClient,
  parts: Parts,
  exit: Exit,
  { status, makeCheck }: { status: () => ProcessStatus; makeCheck: (reason: string) => Promise<CheckResult> }
): void {
  const { callers, host, service, shutdown, asChild, conclusion } = parts
  launcher.attach({
    makeReload: (reason) => {
      const [ask, outcome] = callers.add()
      exit.obey(reason, 'reload', () => host.tell({ type: 'reload', ask, reason, supervised: true }))
      return outcome as Promise<ReloadResult>
    },
    timingsOf: (error) => conclusion.timingsOf(error),
    makeCheck: (reason, moved) => {
      const stopFollowing = followCheck(parts, moved)
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

/**
 * Reports how far the check in progress is whenever that has changed, from the moment on when there is a child. Returns
 * what ends that.
 */
function followCheck(parts: Parts, moved: (position: CheckProgress) => void): () => void {
  let place = placeOf(undefined)
  return parts.host.onRested(() => {
    const position = checkInProgress(parts)
    if (position?.child === undefined || placeOf(position) === place) return
    place = placeOf(position)
    moved(position)
  })
}
