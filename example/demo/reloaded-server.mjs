import { setInterval } from 'node:timers/promises'
import { Program, saysListening } from './program.mjs'
import { ReleaseFolder } from './release-folder.mjs'

/** How often to look whether the server lives. Milliseconds. */
const LOOK = 100

const OUTCOMES = ['reload-succeeded', 'reload-failed', 'rolled-back']

/** The server that is reloaded to each release. */
export class ReloadedServer {
  name = 'reload'
  /** The process that serves now. */
  pid
  #folder = new ReleaseFolder()
  #program
  #load
  #alive = new Set()
  #lastChild
  /** Processes of releases that crash: they may end with another exit code than 0. */
  #crashed = new Set()
  /** Exit codes by pid, of the processes that have logged their end. */
  #exitCodes = new Map()
  #isStopping = false

  /** Starts the first release. */
  async start(port, env) {
    await this.#folder.write({ number: 1 })
    this.#program = new Program(this.#folder, { ...env, PORT: String(port) })
    this.pid = this.#program.pid
    this.#alive.add(this.pid)
    this.#program.on('said', (said) => this.#note(said))
    await this.#program.within(
      Promise.race([this.#program.next(saysListening), this.unexpectedEnd()]),
      'the first release'
    )
  }

  /** @param load - its clients */
  serves(load) {
    this.#load = load
  }

  /** Rejects if the server ends although no signal ended it. Never resolves. */
  async unexpectedEnd() {
    await this.#program.gone
    if (this.#isStopping) return new Promise(() => {})
    throw new Error(`the server is gone\n${this.#program.lastWords}`)
  }

  /** Reloads to a release, and prints how that went. */
  async deploy(release) {
    await this.#folder.write(release)
    const { graceful, result, err } = await this.#reload()
    if ((result === undefined) === (release.fault === undefined))
      throw new Error(`unexpected: ${graceful}, release ${release.number}\n${this.#program.lastWords}`)
    if (result !== undefined) return this.#succeeded(release, result)
    if (graceful === 'reload-failed') return `refused, ${err.code}: pid ${this.pid} serves on`
    this.#crashed.add(this.#lastChild)
    return `rolled back, ${err.code}: pid ${this.pid} serves again`
  }

  /** Sends the reload signal. Returns what the log says of the outcome. */
  async #reload() {
    const outcome = this.#program.next(({ graceful }) => OUTCOMES.includes(graceful))
    const over = new AbortController()
    process.kill(this.pid, 'SIGHUP')
    try {
      const first = Promise.race([outcome, this.#endOf(this.pid, over.signal)])
      return await this.#program.within(first, 'the outcome of a reload')
    } finally {
      over.abort()
    }
  }

  /** Rejects when a process has ended, after its last lines were read: that is so when it is gone for a second look. */
  async #endOf(pid, signal) {
    let looks = 0
    for await (const _ of setInterval(LOOK, undefined, { signal })) {
      looks = isAlive(pid) ? 0 : looks + 1
      if (looks === 2) throw new Error(`the server is gone\n${this.#program.lastWords}`)
    }
  }

  /** Sends the stop signal and waits until no process of any generation is left. */
  async stop() {
    this.#isStopping = true
    process.kill(this.pid, 'SIGTERM')
    await this.#program.within(this.#program.gone, 'the end of all generations')
    const first = await this.#program.within(this.#program.exited, 'the end of the first process')
    const others = [...this.#exitCodes].filter(([pid]) => !this.#crashed.has(pid)).map(([, code]) => code)
    const bad = [first, ...others].filter((code) => code !== 0)
    if (bad.length > 0) throw new Error(`exit codes other than 0: ${bad.join(' ')}\n${this.#program.lastWords}`)
  }

  /** For a demo that ends early: kills every generation, and removes the folder. */
  kill() {
    for (const pid of this.#alive) {
      try {
        process.kill(pid, 'SIGKILL')
      } catch {
        // It is gone already.
      }
    }
    this.#folder.remove()
  }

  async #succeeded(release, { pid, timings }) {
    this.pid = pid
    await this.#load.reached(release.number)
    const [boot, handoff] = [timings.boot, timings.handoff].map(Math.round)
    return `pid ${pid} took over in ${handoff} ms, after a boot of ${boot} ms`
  }

  #note({ graceful, child, pid, exitCode }) {
    if (graceful === 'reload-started') {
      this.#lastChild = child
      this.#alive.add(child)
    }
    if (graceful !== 'closed') return
    this.#alive.delete(pid)
    this.#exitCodes.set(pid, exitCode)
  }
}

function isAlive(pid) {
  try {
    return process.kill(pid, 0)
  } catch {
    return false
  }
}
