import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import type { CrowdMakeUp } from './crowd.js'
import type { Closing, Sample } from './observation.js'

/** What the clients of a crowd saw, on the clock of `now()`. */
export interface Seen {
  samples: Sample[]
  closings: Closing[]
}

/**
 * A crowd in its own process: to start other processes takes milliseconds, in which this one would send no requests.
 */
export class CrowdProcess {
  readonly #child: ChildProcess

  /** Starts at once. */
  constructor(port: number, makeUp: CrowdMakeUp) {
    const env = { ...process.env, BENCH_PORT: String(port), BENCH_CROWD: JSON.stringify(makeUp) }
    this.#child = fork(join(__dirname, 'crowd-program.js'), { env, serialization: 'advanced' })
  }

  /** Lets the requests in progress finish. Returns what the clients saw. */
  async stop(): Promise<Seen> {
    const reported = once(this.#child, 'message')
    const gone = once(this.#child, 'exit')
    this.#child.send('stop')
    const [seen] = (await reported) as [Seen]
    await gone
    return seen
  }

  /** Ends it without a report, if it has not ended. */
  kill(): void {
    this.#child.kill('SIGKILL')
  }
}
