import { Program, saysListening } from './program.mjs'
import { ReleaseFolder } from './release-folder.mjs'
import { seconds } from './units.mjs'

/**
 * The server that is restarted with each release. A stop finishes the requests in progress, and then the new
 * release starts. After a bad release, the demo at once starts the last good one again.
 */
export class RestartedServer {
  name = 'restart'
  #folder = new ReleaseFolder()
  #env
  #program
  #load
  #good = { number: 1 }

  /** Starts the first release. */
  async start(port, env) {
    this.#env = { ...env, PORT: String(port) }
    if (!(await this.#begin(this.#good))) throw new Error(`release 1 has ended\n${this.#program.lastWords}`)
  }

  get pid() {
    return this.#program.pid
  }

  /** @param load - its clients */
  serves(load) {
    this.#load = load
  }

  /** Restarts with a release, and prints how that went. */
  async deploy(release) {
    const down = await this.#restart(release)
    if (release.fault === undefined) {
      await this.#load.reached(release.number)
      this.#good = release
      return `down for ${seconds(down)}`
    }
    await this.#program.within(this.#program.exited, 'the end of a release that crashes')
    const longer = down + (await this.#restart(this.#good))
    return `down for ${seconds(longer)}: release ${this.#good.number} had to be started again`
  }

  async stop() {
    this.#program.kill('SIGTERM')
    await this.#program.within(this.#program.gone, 'the end of the server')
  }

  /** For a demo that ends early. */
  kill() {
    this.#program?.kill('SIGKILL')
    this.#folder.remove()
  }

  /** Returns how long it was down. Milliseconds. */
  async #restart(release) {
    const begun = performance.now()
    await this.stop()
    await this.#begin(release)
    return performance.now() - begun
  }

  /** Starts a release and waits until it listens. Returns whether it does. */
  async #begin(release) {
    await this.#folder.write(release)
    this.#program = new Program(this.#folder, this.#env)
    const outcome = Promise.race([
      this.#program.next(saysListening).then(() => true),
      this.#program.exited.then(() => false)
    ])
    return this.#program.within(outcome, `release ${release.number}`)
  }
}
