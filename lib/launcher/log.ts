import { hostname } from 'node:os'
import type { Level } from '../events.js'
import { guarded } from '../util/guarded.js'
import { printable } from '../util/printable.js'
import { LineOutput } from './line-output.js'

/** Writes a line of the launcher's log. The level is `warn` if nothing is said. */
export type Log = (line: string, level?: Level) => void

const STDERR = 2

/** https://getpino.io/#/docs/api?id=loggerlevels-object */
const NUMBERS: Readonly<Record<Level, number>> = { info: 30, warn: 40, error: 50, fatal: 60 }

/**
 * The log of a launcher: lines of text on its stderr, or JSON where the servers write theirs, once one of them has said
 * that it does so. All of them share the descriptors of the launcher.
 */
export class LauncherLog {
  #jsonTo: number | undefined

  /** @param jsonTo - the descriptor to which the servers write JSON; undefined if they write something else */
  follow(jsonTo: number | undefined): void {
    this.#jsonTo = jsonTo
  }

  /** Writes what waits for a reader, as far as there is room: this process ends. */
  flush(): void {
    for (const output of OUTPUTS.values()) guarded(() => output.flush())
  }

  /** For the person at the terminal, whatever the servers write. */
  readonly say = (line: string): void => print(STDERR, `fastify-graceful-reload: ${printable(line)}`)

  readonly write: Log = (line, level = 'warn') => {
    const msg = printable(line)
    if (this.#jsonTo === undefined) return print(STDERR, `fastify-graceful-reload[${process.pid}]: ${msg}`)
    const bound = { level: NUMBERS[level], time: Date.now(), pid: process.pid, hostname: hostname() }
    print(this.#jsonTo, JSON.stringify({ ...bound, graceful: 'launcher', msg }))
  }
}

const OUTPUTS = new Map<number, LineOutput>()

/**
 * A log without a reader is no reason to end: EPIPE, or EIO of a terminal that has hung up. What the servers' log does
 * not take, as on a full disk, stderr may.
 */
function print(fd: number, line: string): void {
  try {
    outputOf(fd).write(line)
  } catch {
    if (fd !== STDERR) print(STDERR, line)
  }
}

function outputOf(fd: number): LineOutput {
  const output = OUTPUTS.get(fd) ?? new LineOutput(fd)
  if (!OUTPUTS.has(fd)) process.once('exit', () => guarded(() => output.flush()))
  OUTPUTS.set(fd, output)
  return output
}
