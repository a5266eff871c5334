import type { CheckPosition, CheckProgress } from '../control/reports.js'
import { type GracefulError, NoCheckError } from '../errors.js'
import type { CheckResult } from '../reload/check-result.js'
import { LONGEST_BOOT } from '../reload/longest-boot.js'
import { toError } from '../util/to-error.js'
import { unlessSeen } from '../util/unless-seen.js'
import { within } from '../util/within.js'
import { SILENCE } from './limits.js'
import type { Roster } from './roster.js'
import type { Server } from './server.js'

/** How long a check may take beyond the boot of its child and the end of that. Milliseconds. */
const SLACK = 20_000

/** How often to look whether the server that makes a check still answers. Milliseconds. */
const LOOK_INTERVAL = 500

/** A check that has no result yet. Of one that came too late, the maker may still say how far it is. */
interface CheckInProgress {
  readonly maker: Server
  /** How far the maker has said that it is, and when, on the clock of `performance.now()`. */
  moved: { readonly position: CheckProgress; readonly at: number } | undefined
}

/** Lets one server make a check: the workers of a launcher are all started with one command, from one release. */
export class Checks {
  readonly #roster: Roster
  #current: CheckInProgress | undefined

  constructor(roster: Roster) {
    this.#roster = roster
  }

  /** @throws {NoCheckError} as a rejection, and whatever the reload would have failed with */
  async make(reason: string): Promise<CheckResult> {
    const maker = this.#findMaker()
    const { readyTimeout = 0, times = { stop: 0 } } = maker.service ?? {}
    const current: CheckInProgress = { maker, moved: undefined }
    this.#current = current
    try {
      // The release that is checked may want longer for its boot, and tells the maker alone.
      const late = Math.max(readyTimeout, LONGEST_BOOT) + times.stop + SLACK
      const made = maker.check(reason, Date.now() + SILENCE, (position) => {
        current.moved = { position, at: performance.now() }
      })
      return await unlessSilent(maker, within(made, late, `the check by process ${maker.pid}`))
    } catch (error) {
      if ((error as GracefulError).code !== undefined) throw error
      throw new NoCheckError(toError(error).message)
    } finally {
      this.#current = undefined
    }
  }

  /** How far the check is that is in progress. A maker of an earlier release has to be asked. */
  async position(): Promise<CheckPosition | undefined> {
    const { maker, moved } = this.#current ?? {}
    if (moved === undefined) return (await maker?.report())?.status.check
    const { position, at } = moved
    return { ...position, elapsed: Math.round(position.elapsed + performance.now() - at) }
  }

  /** @throws {NoCheckError} */
  #findMaker(): Server {
    const { roll, areLeaving, answering } = this.#roster
    if (areLeaving) throw new NoCheckError('the launcher is stopping')
    if (roll !== undefined) throw new NoCheckError('a reload is in progress, and its result says more than a check')
    if (this.#current !== undefined) throw new NoCheckError('another check is in progress')
    const [first] = answering
    if (first === undefined) throw new NoCheckError('no worker has a server that serves and answers')
    const maker = answering.find(({ service }) => service?.checks === true)
    if (maker !== undefined) return maker
    throw new NoCheckError('the running release has a version of this package without checks')
  }
}

/** @throws {NoCheckError} as a rejection, when the server does not answer any more */
async function unlessSilent(maker: Server, made: Promise<CheckResult>): Promise<CheckResult> {
  const look = () =>
    maker.owesAnswer >= SILENCE
      ? new NoCheckError(`process ${maker.pid}, which makes the check, does not answer`)
      : undefined
  const outcome = await unlessSeen(made, look, LOOK_INTERVAL)
  if (outcome instanceof Error) throw outcome
  return outcome
}
