import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { askForReload } from './ask-for-reload.mjs'
import { createFolder, FAULT } from './folder.mjs'
import { followLog } from './follow-log.mjs'
import { Recording } from './recording.mjs'
import { RunningServer } from './running-server.mjs'

const LAUNCHER = fileURLToPath(new URL('../../dist/package/cli/bin.js', import.meta.url))

/** The app with the launcher of this package. A deployment reloads it. */
export class ReloadedSide {
  name = 'fastify-graceful-reload'
  recording = new Recording()
  #release = 1
  #folder = createFolder()
  #probation
  #server

  constructor(probation) {
    this.#probation = probation
  }

  /** @returns the port on which it serves */
  async start() {
    await this.#folder.write({ number: 1 })
    const env = { WAY: 'reload', PROBATION: String(this.#probation) }
    this.#server = new RunningServer(this.#folder, env, [LAUNCHER, '--control', this.#control])
    this.recording.processes.start(1)
    followLog(this.#server, this.recording)
    return this.#server.listening()
  }

  /** After a failure, the old release is put back into the folder, for the next start. */
  async deploy({ isBroken }) {
    const number = this.#release + 1
    await this.#folder.write({ number, fault: isBroken ? FAULT : undefined })
    try {
      await askForReload(this.#control, `release ${number}`)
      this.#release = number
    } catch {
      await this.#folder.write({ number: this.#release })
    }
  }

  /** Kills the process that serves: on probation, the new one. */
  crash() {
    const { processes } = this.recording
    const bar = processes.in('on probation') ?? processes.in('serving')
    const where = bar.phases.at(-1).phase === 'on probation' ? ', on probation' : ''
    this.#server.crash(bar.pid)
    processes.end(bar, 'crashed')
    this.recording.note(`Generation ${bar.generation} crashed${where}.`)
  }

  async stop() {
    await this.#server?.stop()
  }

  /** Ends and removes all that is left. */
  kill() {
    this.#server?.killAll()
    this.#folder.remove()
  }

  get #control() {
    return join(this.#folder.path, 'control.sock')
  }
}
