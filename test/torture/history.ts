import type { Cause } from '../../lib/protocol/server.js'
import type { Output } from '../support/output.js'

/**
 * What has happened to processes besides what was done to them from outside. Times are on the clock of
 * `performance.now()`.
 */
export class History {
  /**
   * When a parent or a launcher has killed a process, most often because it hung, and whether that may have had
   * connections.
   */
  readonly hangKills: Array<{ at: number; served: boolean }> = []
  /** Why processes have left. */
  readonly leaves: Array<{ pid: number; at: number; cause: Cause }> = []
  /** Children that have been handed over to, with their parents. */
  readonly successions: Array<{ parent: number; child: number }> = []
  /** Children that have said that they serve for good. */
  readonly confirmed = new Set<number>()

  constructor(output: Output) {
    output.read((text) => this.#read(text))
    output.watch(({ pid, graceful, child }) => {
      if (graceful === 'handed-over') this.successions.push({ parent: pid, child: Number(child) })
    })
  }

  #read(text: string): void {
    const at = performance.now()
    const pid = Number(/^err: FASTIFY-GRACEFUL-RELOAD (\d+): /.exec(text)?.[1])
    if (Number.isNaN(pid)) {
      if (/server \d+ .*killing it/.test(text)) this.hangKills.push({ at, served: true })
      return
    }
    if (text.includes('"do":"kill child"'))
      this.hangKills.push({ at, served: text.includes('"place":{"name":"parent"') })
    if (/"do":"tell parent","word":\{"type":"confirmed"/.test(text)) this.confirmed.add(pid)
    const cause = /"do":"leave","cause":"([^"]+)"/.exec(text)?.[1]
    if (cause !== undefined) this.leaves.push({ pid, at, cause: cause as Cause })
  }
}
