import { Program, saysListening } from '../demo/program.mjs'

/** A server of the live view, with all its processes. */
export class RunningServer extends Program {
  /** Whether it has got the signal to end. */
  isStopped = false
  #alive = new Set([this.pid])

  constructor(folder, env, launcher = []) {
    super(folder, { ...process.env, ...env }, { launcher, detached: true })
    this.on('said', (line) => this.#note(line))
  }

  /** The port on which it listens. Rejects when it ends before. */
  async listening() {
    const early = this.exited.then(() => {
      throw new Error('the server has ended before it listened')
    })
    const { msg } = await Promise.race([this.next(saysListening), early])
    return Number(/:(\d+)$/.exec(msg)[1])
  }

  /** Asks it to end, and waits until no process is left. */
  async stop() {
    this.isStopped = true
    this.kill('SIGTERM')
    await this.gone
  }

  /** Kills all its processes. */
  killAll() {
    this.isStopped = true
    for (const pid of this.#alive) this.crash(pid)
  }

  /** Kills one of its processes. */
  crash(pid) {
    this.#alive.delete(pid)
    try {
      process.kill(pid, 'SIGKILL')
    } catch {
      // The process has ended already.
    }
  }

  #note({ graceful, pid, child }) {
    if (graceful === 'closed') return this.#alive.delete(pid)
    for (const known of [pid, child]) if (known !== undefined) this.#alive.add(known)
  }
}
