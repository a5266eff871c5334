import type { ProcessStatus } from '../control/messages.js'
import type { ReloadResult } from '../reload/reload-result.js'
import type { Supervision } from '../reload/supervision.js'
import type { Parts } from './effects.js'
import type { Exit } from './exit.js'
import type { Launcher } from './launcher-channel.js'

/** What the launcher asks of this process becomes an input of the machine. */
export class LauncherLink {
  /** Of the reload that the launcher has asked for last. */
  supervision: Supervision | undefined
  readonly #parts: Parts

  constructor(launcher: Launcher, parts: Parts, exit: Exit, status: () => ProcessStatus) {
    const { service, asChild } = parts
    this.#parts = parts
    launcher.attach({
      makeReload: (reason, supervision) => this.#makeReload(reason, supervision),
      fairShare: (count) => {
        if (service.surplus !== undefined) service.surplus.fairShare = count
      },
      connection: (...word) => service.surplus?.heard(...word),
      parentEnded: () => asChild?.parentEnded(),
      report: status,
      stop: (reason) => exit.stop(reason),
      force: (reason) => exit.force(reason)
    })
  }

  /** Makes the share of this process in a reload that its launcher has begun. */
  #makeReload(reason: string, supervision: Supervision): Promise<ReloadResult> {
    const { callers, host } = this.#parts
    const [ask, outcome] = callers.add()
    this.supervision = supervision
    void supervision.committed.then(() => host.tell({ type: 'commit' }))
    void supervision.undone.then((why) => host.tell({ type: 'undo', reason: why }))
    host.tell({ type: 'reload', ask, reason, supervised: true })
    return outcome
  }
}
