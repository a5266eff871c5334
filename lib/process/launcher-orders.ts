import type { ProcessStatus } from '../control/reports.js'
import { UNDONE } from '../reload/conclusion.js'
import type { ReloadResult } from '../reload/reload-result.js'
import type { Exit } from './exit.js'
import type { LauncherClient, LauncherEvents } from './launcher-client.js'
import type { Parts } from './parts.js'

/** Does what the launcher orders: its orders become inputs of the machine. */
export function obeyLauncher(
  launcher: LauncherClient,
  parts: Parts,
  exit: Exit,
  { status, makeCheck }: { status: () => ProcessStatus; makeCheck: LauncherEvents['makeCheck'] }
): void {
  const { callers, host, service, shutdown, asChild, conclusion } = parts
  launcher.attach({
    makeReload: (reason) => {
      const [ask, outcome] = callers.add()
      exit.obey(reason, 'reload', () => host.tell({ type: 'reload', ask, reason, supervised: true }))
      return outcome as Promise<ReloadResult>
    },
    timingsOf: (error) => conclusion.timingsOf(error),
    makeCheck,
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
