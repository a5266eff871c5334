import { spawn } from 'node:child_process'
import { EventEmitter, once } from 'node:events'
import { createInterface } from 'node:readline'

/** How long any single thing may take before the demo calls it a failure. Milliseconds. */
const LIMIT = 30_000

/**
 * The server with all its generations. They share one stdout, on which each logs JSON lines: what the demo knows of them
 * it reads there.
 */
export class ServerProcess extends EventEmitter {
  /** The process that serves now. */
  pid
  generation = 1
  /** Exit codes by pid, as far as processes have said that they end. */
  exitCodes = new Map()
  #alive = new Set()
  #lines = []
  #exit
  #silence
  #stopping = false

  constructor(script, { cwd, env }) {
    super()
    const child = spawn(process.execPath, [script], { cwd, env, stdio: ['ignore', 'pipe', 'pipe'] })
    this.pid = child.pid
    this.#alive.add(child.pid)
    this.#exit = once(child, 'exit').then(([code, signal]) => code ?? signal)
    createInterface({ input: child.stdout }).on('line', (line) => this.#read(line))
    createInterface({ input: child.stderr }).on('line', (line) => this.#lines.push(line))
    // Every generation holds the other end of this pipe: when it closes, none is left.
    this.#silence = once(child.stdout, 'close')
  }

  /** What the processes said last. */
  get lastWords() {
    return this.#lines.slice(-20).join('\n')
  }

  /** Rejects if the server ends without having been told to, and never resolves. */
  unexpectedEnd() {
    return new Promise((_, reject) => {
      this.#silence.then(() => {
        if (!this.#stopping) reject(new Error(`the server is gone\n${this.lastWords}`))
      })
    })
  }

  /** Waits for the port that the first generation listens on. */
  async listening() {
    const line = await this.#next((said) => /listening at/.test(said.msg))
    return Number(line.msg.match(/:(\d+)\b(?!.*:\d)/)[1])
  }

  /** Sends the reload signal and waits for the outcome: the lines of the log that tell it. */
  async reload() {
    const outcome = this.#next((said) => ['reload-succeeded', 'reload-failed', 'rolled-back'].includes(said.graceful))
    process.kill(this.pid, 'SIGHUP')
    const said = await outcome
    if (said.graceful !== 'reload-succeeded') return { error: said.err }
    this.pid = said.result.pid
    this.generation = said.result.generation
    return { result: said.result }
  }

  /** Sends the stop signal and waits until no process of any generation is left; returns the exit codes of all. */
  async stop() {
    this.#stopping = true
    process.kill(this.pid, 'SIGTERM')
    await within(this.#silence, 'the end of all generations', this)
    const first = await within(this.#exit, 'the end of the first process', this)
    return [first, ...this.exitCodes.values()]
  }

  /** For a demo that is interrupted: ends every generation, without ceremony. */
  kill() {
    for (const pid of this.#alive) {
      try {
        process.kill(pid, 'SIGKILL')
      } catch {
        // It is gone already.
      }
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
    if (said.graceful === 'reload-started') this.#alive.add(said.child)
    if (said.graceful === 'closed') this.#closed(said)
    this.emit('said', said)
  }

  #closed({ pid, exitCode }) {
    this.exitCodes.set(pid, exitCode)
    this.#alive.delete(pid)
  }

  #next(matches) {
    const found = new Promise((resolve) => {
      const listen = (said) => {
        if (!matches(said)) return
        this.off('said', listen)
        resolve(said)
      }
      this.on('said', listen)
    })
    return within(found, 'an answer of the server', this)
  }
}

async function within(promise, what, server) {
  let timer
  const late = new Promise((_, reject) => {
    timer = setTimeout(() => reject(new Error(`waited ${LIMIT} ms for ${what}\n${server.lastWords}`)), LIMIT)
  })
  try {
    return await Promise.race([promise, late])
  } finally {
    clearTimeout(timer)
  }
}
