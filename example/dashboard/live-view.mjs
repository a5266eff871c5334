import { Clients } from './clients.mjs'
import { now } from './recording.mjs'
import { ReloadedSide } from './reloaded-side.mjs'
import { RestartedSide } from './restarted-side.mjs'

/** How many presses of buttons are kept. */
const PRESSES = 20

/** Two servers with their clients. A button acts on both at the same time. */
export class LiveView {
  #sides
  #clients = []
  #presses = []
  #isDeploying = false

  /** @param probation - of the server that reloads, in milliseconds */
  constructor(probation) {
    this.#sides = [new ReloadedSide(probation), new RestartedSide()]
  }

  async start() {
    const ports = await Promise.all(this.#sides.map((side) => side.start()))
    this.#clients = this.#sides.map(({ recording }, index) => new Clients(ports[index], recording))
  }

  /** @returns whether the button could act now */
  press(button) {
    if (button === 'crash') return this.#crash()
    if (this.#isBusy) return false
    this.#note(button)
    this.#deploy({ isBroken: button === 'deploy-broken' })
    return true
  }

  /** The positions from which a page goes on that has seen everything so far. */
  get end() {
    return this.#sides.map(({ recording }) => recording.end)
  }

  /** What has happened, for a page that has seen the requests up to these positions. */
  since(positions) {
    const sides = this.#sides.map(({ name, recording }, index) => ({ name, ...recording.since(positions[index]) }))
    return { now: now(), isBusy: this.#isBusy, canCrash: this.#canCrash, presses: this.#presses, sides }
  }

  /** Lets the clients leave, then the servers. */
  async stop() {
    await Promise.all(this.#clients.map((clients) => clients.stop()))
    await Promise.all(this.#sides.map((side) => side.stop()))
  }

  /** Kills and removes all that is left. */
  kill() {
    for (const side of this.#sides) side.kill()
  }

  /** A deployment is in progress, or a server has yet to come back. */
  get #isBusy() {
    return this.#isDeploying || this.#sides.some(({ recording }) => recording.processes.in('serving') === undefined)
  }

  get #canCrash() {
    return this.#sides.every(({ recording }) => recording.processes.in('serving', 'on probation') !== undefined)
  }

  #crash() {
    if (!this.#canCrash) return false
    this.#note('crash')
    for (const side of this.#sides) side.crash()
    return true
  }

  async #deploy(release) {
    this.#isDeploying = true
    await Promise.allSettled(this.#sides.map((side) => side.deploy(release)))
    this.#isDeploying = false
  }

  #note(button) {
    this.#presses.push({ at: now(), button })
    if (this.#presses.length > PRESSES) this.#presses.shift()
  }
}
