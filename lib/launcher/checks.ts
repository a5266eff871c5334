import type { CheckPosition } from '../control/reports.js'
import { type GracefulError, NoCheckError, toError } from '../errors.js'
import type { CheckResult } from '../reload/check-result.js'
import { within } from '../util/within.js'
import type { Server } from './server.js'
import type { Workers } from './workers.js'

/** How long a check may take beyond the boot of its child and the end of that. Milliseconds. */
const SLACK = 20_000

/** Lets one server make a check: the workers of a launcher are all started with one command, from one release. */
export class Checks {
  readonly #workers: Workers
  #maker: Server | undefined

  constructor(workers: Workers) {
    this.#workers = workers
  }

  /** @throws {NoCheckError} as a rejection, and whatever the reload would have failed with */
  async make(reason: string): Promise<CheckResult> {
    const maker = this.#findMaker()
    const { readyTimeout = 0, times = { stop: 0 } } = maker.service ?? {}
    this.#maker = maker
    try {
      const late = readyTimeout + times.stop + SLACK
      return await within(maker.check(reason), late, `the check by process ${maker.pid}`)
    } catch (error) {
      if ((error as GracefulError).code !== undefined) throw error
      throw new NoCheckError(toError(error).message)
    } finally {
      this.#maker = undefined
    }
  }

  /** How far the check is that is under way. */
  get position(): Promise<CheckPosition | undefined> {
    return this.#maker?.report().then((report) => report?.status.check) ?? Promise.resolve(undefined)
  }

  /** @throws {NoCheckError} */
  #findMaker(): Server {
    const { roll, areLeaving, answering } = this.#workers
    if (areLeaving) throw new NoCheckError('the launcher is stopping')
    if (roll !== undefined) throw new NoCheckError('a reload is under way, and its result says more than a check')
    if (this.#maker !== undefined) throw new NoCheckError('another check is under way')
    const [first] = answering
    if (first === undefined) throw new NoCheckError('no worker has a server that serves and answers')
    const maker = answering.find(({ service }) => service?.checks === true)
    if (maker !== undefined) return maker
    throw new NoCheckError('the running release has a version of this package without checks')
  }
}
