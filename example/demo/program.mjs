import { spawn } from 'node:child_process'
import { EventEmitter, once } from 'node:events'
import { createInterface } from 'node:readline'

/** How long any single thing may take before the demo calls it a failure. Milliseconds. */
const LIMIT = 30_000

/**
 * A server that was started, with all its generations. They share one stdout, on which each logs JSON lines. The demo
 * learns about them from these lines. Emits `said` with each line.
 */
export class Program extends EventEmitter {
  /** The exit code of the process that was started, or its signal. */
  exited
  /** Resolves when no generation is left: each holds the other end of the pipe. */
  gone
  #child
  #lines = []

  /**
   * @param launcher - the file of the launcher, with its options; if undefined, the server starts without the launcher
   * @param detached - whether Ctrl-C in the terminal does not reach the server
   */
  constructor({ script, path }, env, { launcher = [], detached = false } = {}) {
    super()
    const options = { cwd: path, env, detached, stdio: ['ignore', 'pipe', 'pipe'] }
    this.#child = spawn(process.execPath, [...launcher, script], options)
    this.exited = once(this.#child, 'exit').then(([code, signal]) => code ?? signal)
    this.gone = once(this.#child.stdout, 'close')
    createInterface({ input: this.#child.stdout }).on('line', (line) => this.#read(line))
    createInterface({ input: this.#child.stderr }).on('line', (line) => this.#lines.push(line))
  }

  get pid() {
    return this.#child.pid
  }

  /** The last lines of the processes. */
  get lastWords() {
    return this.#lines.slice(-20).join('\n')
  }

  /** Signals the process that was started, unless it has ended. */
  kill(signal) {
    this.#child.kill(signal)
  }

  /** The next line that matches. */
  next(matches) {
    return new Promise((resolve) => {
      const listen = (said) => {
        if (!matches(said)) return
        this.off('said', listen)
        resolve(said)
      }
      this.on('said', listen)
    })
  }

  /** Waits, but only for a limited time. */
  async within(promise, what) {
    let timer
    const late = new Promise((_, reject) => {
      timer = setTimeout(() => reject(new Error(`waited ${LIMIT} ms for ${what}\n${this.lastWords}`)), LIMIT)
    })
    try {
      return await Promise.race([promise, late])
    } finally {
      clearTimeout(timer)
    }
  }

  #read(line) {
    this.#lines.push(line)
    let said
    try {
      said = JSON.parse(line)
    } catch {
      return // not a line of the log
    }
    this.emit('said', said)
  }
}

/** Whether a line says that a server has begun to listen. */
export function saysListening({ msg }) {
  return /^Server listening at/.test(msg)
}
