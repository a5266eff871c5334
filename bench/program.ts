import { type ChildProcess, spawn } from 'node:child_process'
import { EventEmitter, once } from 'node:events'
import { createInterface } from 'node:readline'

/** How long a process may take to start, to reload with all its connections, or to end. Milliseconds. */
const LIMIT = 120_000

/** What a program has said, and when it was heard, on the clock of `performance.now()`. */
export interface Line {
  event: string
  pid: number
  port?: number
  time: number
}

/** Node with a script that tells on stdout what it does, and its successors, as far as they share that stdout. */
export class Program {
  readonly started = performance.now()
  readonly pid: number
  /** Resolves when the output ends, and with it the last process that held it. */
  readonly silent: Promise<void>
  readonly #lines = new EventEmitter()
  readonly #child: ChildProcess

  /** Starts Node with these arguments, and with `env` added to the environment. */
  constructor(args: string[], env: Record<string, string>) {
    const child = spawn(process.execPath, args, {
      env: { ...process.env, ...env },
      stdio: ['ignore', 'pipe', 'inherit']
    })
    if (child.pid === undefined || child.stdout === null) throw new Error(`${args.join(' ')}: could not be started`)
    this.#child = child
    this.pid = child.pid
    this.silent = once(child, 'close').then(() => {})
    createInterface({ input: child.stdout }).on('line', (text) => {
      const line = { ...JSON.parse(text), time: performance.now() } as Line
      this.#lines.emit(line.event, line)
    })
  }

  /** Waits for the next line about `event`, or for the last of the next `count`. */
  said(event: string, count = 1): Promise<Line> {
    return new Promise((resolve, reject) => {
      let missing = count
      const settle = () => {
        clearTimeout(timer)
        this.#lines.off(event, hear)
      }
      const hear = (line: Line) => {
        missing -= 1
        if (missing > 0) return
        settle()
        resolve(line)
      }
      const timer = setTimeout(() => {
        settle()
        reject(new Error(`process ${this.pid}: ${missing} of ${count} times no "${event}" within ${LIMIT} ms`))
      }, LIMIT)
      this.#lines.on(event, hear)
    })
  }

  /** Sends a signal to the process that was started first. */
  kill(signal: NodeJS.Signals): void {
    this.#child.kill(signal)
  }

  /** Asks the process `pid` to stop, and waits until the last process has ended. */
  async stop(pid = this.pid): Promise<void> {
    process.kill(pid, 'SIGTERM')
    await this.silent
  }
}
