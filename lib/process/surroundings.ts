import { os } from '../util/os.js'
import { isHeardByPm2, judge, type StartFacts, type Verdict } from './supervisor.js'

/** What a reload means to the program that started this process. */
export class Surroundings {
  readonly #verdict: Verdict | undefined
  readonly #hasLauncher: boolean
  readonly #isHeardByPm2: boolean
  #hasWarned = false

  /**
   * Must be made early: of a process that has ended by then, nothing can be learnt.
   *
   * @param hasLauncher - whether the parent of all generations is a launcher
   */
  constructor(generation: number, hasLauncher: boolean) {
    this.#hasLauncher = hasLauncher
    const { pid, ppid } = process
    const facts: StartFacts = {
      pid,
      ppid,
      ancestors: os.ancestors(),
      // What pm2 says to a worker of its cluster is no part of the start.
      env: { ...os.startEnvironment(), ...process.env },
      script: process.argv[1],
      hasChannel: process.send !== undefined,
      isClusterWorker: os.isClusterWorker(),
      generation,
      hasLauncher
    }
    this.#verdict = judge(facts)
    this.#isHeardByPm2 = !hasLauncher && isHeardByPm2(facts)
  }

  /** Why this process cannot reload and what to do instead, or undefined if it can. */
  get whyNoReload(): [why: string, instead: string] | undefined {
    if (this.#verdict?.kind === 'refused') return [this.#verdict.why, this.#verdict.instead]
    return this.#hasLauncher ? undefined : os.whyNoReload()
  }

  /** The process serves: that a reload would be refused is better known now than when it is wanted. */
  tellAtStart(warn: (warning: string) => void): void {
    if (this.#verdict?.kind !== 'refused') return
    warn(`a reload would be refused: cannot reload ${this.#verdict.why}; ${this.#verdict.instead}`)
  }

  /** With `wait_ready`, pm2 waits for this word: https://pm2.keymetrics.io/docs/usage/signals-clean-restart/ */
  tellReady(): void {
    if (this.#isHeardByPm2) process.send?.('ready')
  }

  /** A reload begins; the log says once what it means for the program that started this process. */
  tellAtReload(warn: (warning: string) => void): void {
    if (this.#verdict?.kind !== 'warned' || this.#hasWarned) return
    this.#hasWarned = true
    warn(this.#verdict.warning)
  }
}
