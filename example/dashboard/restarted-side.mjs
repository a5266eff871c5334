import { createFolder, FAULT } from './folder.mjs'
import { Recording } from './recording.mjs'
import { RunningServer } from './running-server.mjs'

/** The same app, stopped and then started, as by `systemctl restart`. After a crash it is started again. */
export class RestartedSide {
  name = 'Stop, then start'
  recording = new Recording()
  #release = 1
  #generation = 1
  #port = 0
  #folder = createFolder()
  #server
  #bar

  /** @returns the port on which it serves */
  async start() {
    await this.#folder.write({ number: 1 })
    this.#port = await this.#boot()
    return this.#port
  }

  /** The old process ends first, because the new one needs its port. After a failure, the old release starts again. */
  async deploy({ isBroken }) {
    const number = this.#release + 1
    await this.#folder.write({ number, fault: isBroken ? FAULT : undefined })
    await this.#end()
    this.#generation += 1
    try {
      await this.#boot()
      this.#release = number
    } catch {
      await this.#putBack()
    }
  }

  /** Kills the process. */
  crash() {
    this.recording.note(`Generation ${this.#generation} crashed.`)
    this.recording.processes.end(this.#bar, 'crashed')
    this.#server.crash(this.#server.pid)
  }

  async stop() {
    await this.#server?.stop()
  }

  /** Ends and removes all that is left. */
  kill() {
    this.#server?.killAll()
    this.#folder.remove()
  }

  async #end() {
    const { recording } = this
    recording.processes.enter(this.#bar, 'draining')
    recording.note(`Generation ${this.#generation} stops.`)
    await this.#server.stop()
  }

  async #putBack() {
    this.recording.note('The release did not boot. The one before is started again.')
    await this.#folder.write({ number: this.#release })
    this.#generation -= 1
    await this.#boot()
  }

  async #boot() {
    const { processes } = this.recording
    const env = { WAY: 'restart', PORT: String(this.#port), GENERATION: String(this.#generation) }
    const server = new RunningServer(this.#folder, env)
    const bar = processes.start(this.#generation, server.pid)
    this.#server = server
    this.#bar = bar
    server.exited.then(() => processes.end(bar, bar.phases.at(-1).phase === 'booting' ? 'did not boot' : undefined))
    const port = await server.listening()
    processes.enter(bar, 'serving')
    this.recording.note(`Generation ${this.#generation} serves.`)
    server.exited.then(() => this.#bootAfterCrash(server))
    return port
  }

  async #bootAfterCrash({ isStopped }) {
    if (!isStopped) await this.#boot().catch(({ message }) => this.recording.note(message))
  }
}
