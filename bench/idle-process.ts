import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import type { Asked } from './asking.js'
import type { IdleOutcome } from './idle.js'

/** What a process of idle connections can be told. */
export type Order = 'open' | 'ask' | 'rest' | 'check'

/** The idle connections of one process. */
export interface IdleSettings {
  host: string
  port: number
  count: number
  /** How often one of them is asked, while they are asked. Milliseconds. */
  every: number
}

/**
 * How many connections one process has at most: the ports of one address, which are fewer than 30 000, must do for all.
 */
const MOST = 16_000

/** Many idle connections, in as many processes as they need. Each process has its own loopback address. */
export class IdleCrowd {
  readonly #processes: IdleProcess[]

  /** Starts the processes; `every` milliseconds one of all connections is asked, while they are asked. */
  constructor(port: number, count: number, every: number) {
    const processes = processesFor(count)
    this.#processes = Array.from({ length: processes }, (_, at) => {
      const share = Math.floor((count * (at + 1)) / processes) - Math.floor((count * at) / processes)
      return new IdleProcess({ host: `127.0.0.${at + 1}`, port, count: share, every: every * processes })
    })
  }

  /** Opens as many as are missing, and uses each one once. */
  async open(): Promise<void> {
    await this.#tell('open')
  }

  /** Asks one after the other while `act` runs. */
  async askWhile<T>(act: () => Promise<T>): Promise<Asked & { returned: T }> {
    await this.#tell('ask')
    const returned = await act()
    const all = await this.#tell<Asked>('rest')
    return { waits: all.flatMap(({ waits }) => waits), failed: total(all.map(({ failed }) => failed)), returned }
  }

  /** Counts the connections that have been closed, and sends a request on each of the others. */
  async check(): Promise<IdleOutcome> {
    const all = await this.#tell<IdleOutcome>('check')
    const sum = (name: keyof IdleOutcome) => total(all.map((outcome) => outcome[name]))
    return { closed: sum('closed'), failed: sum('failed'), announced: sum('announced') }
  }

  /** Ends the processes, and with them the connections. */
  close(): void {
    for (const each of this.#processes) each.end()
  }

  #tell<T>(order: Order): Promise<T[]> {
    return Promise.all(this.#processes.map((each) => each.tell<T>(order)))
  }
}

/** How many processes so many connections need. Each has its own loopback address. */
export function processesFor(count: number): number {
  return Math.ceil(count / MOST)
}

class IdleProcess {
  readonly #child: ChildProcess
  readonly #gone: Promise<unknown>

  constructor(settings: IdleSettings) {
    const env = { ...process.env, BENCH_IDLE_SETTINGS: JSON.stringify(settings) }
    this.#child = fork(join(__dirname, 'idle-program.js'), { env, serialization: 'advanced' })
    this.#gone = once(this.#child, 'exit')
  }

  async tell<T>(order: Order): Promise<T> {
    const answered = once(this.#child, 'message')
    this.#child.send(order)
    const answer = await Promise.race([answered, this.#gone.then(() => undefined)])
    if (answer === undefined) throw new Error(`the process of the idle connections is gone: "${order}" was not done`)
    return (answer as [{ done: T }])[0].done
  }

  end(): void {
    this.#child.kill('SIGKILL')
  }
}

function total(counts: readonly number[]): number {
  return counts.reduce((sum, count) => sum + count, 0)
}
