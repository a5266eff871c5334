import { freePort } from './free-port.mjs'
import { Load } from './load.mjs'
import { ReloadedServer } from './reloaded-server.mjs'
import { RestartedServer } from './restarted-server.mjs'
import { formatTable } from './table.mjs'
import { count, seconds } from './units.mjs'
import { verdict } from './verdict.mjs'

const BROKEN = 'does not parse'
const CRASHING = 'crashes'

/** How often the counts are drawn anew. Milliseconds. */
const TICK = 250

/** The releases, the probation of a reload, and the pause of a mostly idle client. Milliseconds. */
const LONG = {
  releases: [{ number: 2 }, { number: 3 }, { number: 4, fault: BROKEN }, { number: 5, fault: CRASHING }, { number: 6 }],
  probation: 1500,
  idlePause: 2000,
  estimate: 'half a minute'
}
const SHORT = {
  releases: [{ number: 2 }, { number: 3, fault: BROKEN }, { number: 4, fault: CRASHING }, { number: 5 }],
  probation: 1000,
  idlePause: 400,
  estimate: '15 seconds'
}

const WHAT = { [BROKEN]: ', which does not parse', [CRASHING]: ', which crashes just after it has taken over' }

/** Two servers with their clients. Both get the same releases. */
export class Story {
  #output
  #plan
  #begun = performance.now()
  #problems = []
  #sides = []

  constructor(output, { quick, signal }) {
    this.#output = output
    this.#plan = quick ? SHORT : LONG
    signal.addEventListener('abort', () => this.#clear())
  }

  /** Prints what the demo will show. */
  introduce() {
    const { releases, estimate } = this.#plan
    this.#output.say('Two servers run the same app, under the same load. No client ever retries.')
    this.#output.say(`Both get ${releases.length} new releases: one does not parse, and one crashes.`)
    this.#output.say(`One server reloads, the other stops and starts. This takes about ${estimate}.\n`)
  }

  /** Returns whether nothing has failed on the server that was reloaded. */
  async run() {
    this.#begun = performance.now()
    const timer = setInterval(() => this.#drawCounts(), TICK)
    const [reload, restart] = [new ReloadedServer(), new RestartedServer()]
    try {
      await this.#start(reload, restart)
      await Promise.race([this.#play(), reload.unexpectedEnd()])
    } catch (error) {
      this.#problems.push(error.message)
    }
    clearInterval(timer)
    this.#output.end()
    this.#clear()
    return this.#report()
  }

  async #start(...servers) {
    const { probation, idlePause } = this.#plan
    this.#sides = servers.map((server) => ({ name: server.name, server }))
    await this.#each(async (side) => {
      side.port = await freePort()
      await side.server.start(side.port, { ...process.env, PROBATION: String(probation) })
    })
    for (const side of this.#sides) {
      side.load = new Load(side.port, idlePause)
      side.server.serves(side.load)
    }
  }

  async #play() {
    await this.#each(({ load }) => load.reached(1))
    const [reload, restart] = this.#sides
    const clients = reload.load.tallies.reduce((sum, tally) => sum + tally.clients, 0)
    const pids = `pid ${reload.server.pid} will be reloaded, pid ${restart.server.pid} restarted`
    this.#tell(`release 1 serves ${clients} clients each: ${pids}`)
    for (const release of this.#plan.releases) {
      this.#tell(`${this.#output.paint('bold', `release ${release.number}`)}${WHAT[release.fault] ?? ''}`)
      await this.#each((side) => this.#deploy(side, release))
    }
    await this.#each(({ load }) => load.stop())
    await this.#each(({ server }) => server.stop())
    this.#tell('both have stopped, no process is left')
  }

  async #deploy({ name, server, load }, release) {
    const before = load.failures
    const text = await server.deploy(release)
    const failed = load.failures - before
    const loss = this.#output.paint(failed === 0 ? 'green' : 'red', `${count(failed)}\u00a0failed`)
    this.#tell(`${text}; ${loss}`, name)
  }

  #each(act) {
    return Promise.all(this.#sides.map(act))
  }

  /** Prints a line with the time, and the side that it is about. */
  #tell(text, name) {
    const time = this.#output.paint('dim', this.#elapsed.padStart(6))
    this.#output.say(text, `${time}  ${name === undefined ? '' : `${name.padEnd(7)}  `}`)
  }

  #drawCounts() {
    const time = `${this.#elapsed.padStart(6)}  `
    if (this.#sides.some(({ load }) => load === undefined)) return this.#output.status(`${time}both servers start`)
    const [all, failed] = [
      ({ name, load }) => `${name} ${count(load.failures)} of ${count(load.requests)}`,
      ({ name, load }) => `${name} ${count(load.failures)}`
    ].map((say) => `${time}failed: ${this.#sides.map(say).join(', ')}`)
    this.#output.status(all, failed)
  }

  #report() {
    const [reload, restart] = this.#sides.map(({ load }) => load)
    if (reload !== undefined && restart !== undefined) this.#printTable(reload, restart)
    for (const problem of this.#problems) this.#output.say(this.#output.paint('red', `FAILED: ${problem}`))
    const { lines, isGood } = verdict({ reload, restart, ...this.#plan, problems: this.#problems })
    this.#output.announce(lines, isGood ? 'green' : 'red')
    return isGood
  }

  #printTable(reload, restart) {
    this.#output.write(`\n${formatTable({ restart, reload }, (...styled) => this.#output.paint(...styled))}\n\n`)
    for (const { name, complaints } of reload.tallies)
      for (const complaint of complaints) this.#output.say(`${name}: ${complaint}`)
  }

  /** Leaves no process and no folder behind. */
  #clear() {
    for (const { server } of this.#sides) server.kill()
  }

  get #elapsed() {
    return seconds(performance.now() - this.#begun)
  }
}
