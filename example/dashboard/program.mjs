import { spawn } from 'node:child_process'
import { EventEmitter, once } from 'node:events'
import { createInterface } from 'node:readline'

/** A program that logs JSON lines, with all processes that it starts: they share its stdout. */
export class Program extends EventEmitter {
  /** The process that was started. */
  pid
  /** Resolves when the process that was started has ended. */
  ended
  /** Resolves when no process is left that could log. */
  silent
  /** Whether it has been told to end. */
  isStopped = false
  #alive

  /** @param args - of Node */
  constructor(args, { cwd, env }) {
    super()
    // In a process group of its own, so that Ctrl-C in the terminal is not a signal to it: run.mjs ends it.
    const options = { cwd, env: { ...process.env, ...env }, stdio: ['ignore', 'pipe', 'pipe'], detached: true }
    const child = spawn(process.execPath, args, options)
    this.pid = child.pid
    this.#alive = new Set([child.pid])
    this.ended = once(child, 'exit')
    this.silent = once(child.stdout, 'close')
    createInterface({ input: child.stdout }).on('line', (line) => this.#read(line))
    child.stderr.resume()
  }

  /** The port on which it listens. Rejects when it ends before. */
  async listening() {
    const port = new Promise((resolve) => {
      this.on('said', ({ msg = '' }) => {
        const [, found] = /^Server listening at http:.*:(\d+)$/.exec(msg) ?? []
        if (found !== undefined) resolve(Number(found))
      })
    })
    const early = this.ended.then(() => {
      throw new Error('the server has ended before it listened')
    })
    return Promise.race([port, early])
  }

  /** Asks it to end, and waits until no process is left. */
  async stop() {
    this.isStopped = true
    send('SIGTERM', this.pid)
    await this.silent
  }

  /** Ends all its processes, without ceremony. */
  kill() {
    this.isStopped = true
    for (const pid of this.#alive) send('SIGKILL', pid)
  }

  /** Kills one of its processes. */
  crash(pid) {
    this.#alive.delete(pid)
    send('SIGKILL', pid)
  }

  #read(line) {
    let said
    try {
      said = JSON.parse(line)
    } catch {
      return // not a line of the log
    }
    if (said.graceful === 'closed') this.#alive.delete(said.pid)
    else for (const pid of [said.pid, said.child]) if (pid !== undefined) this.#alive.add(pid)
    this.emit('said', said)
  }
}

function send(signal, pid) {
  try {
    process.kill(pid, signal)
  } catch {
    // It is gone already.
  }
}
