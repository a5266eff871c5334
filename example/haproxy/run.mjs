// Under load: two machines behind HAProxy are reloaded, one is replaced, and a service changes from blue to green.
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { copyFile } from 'node:fs/promises'
import { connect } from 'node:net'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { setTimeout } from 'node:timers/promises'
import { runExample } from '../proxies/run.mjs'

class HAProxy {
  static program = 'haproxy'
  static title = 'HAProxy'
  static folder = import.meta.url
  /** It is never reloaded here. */
  keepsClients = true
  #folder

  constructor(folder) {
    this.#folder = folder
  }

  async start() {
    for (const file of ['haproxy.cfg', 'live.map'])
      await copyFile(new URL(file, import.meta.url), join(this.#folder, file))
    const options = { cwd: this.#folder, stdio: ['ignore', 'ignore', 'inherit'] }
    const [code] = await once(spawn('haproxy', ['-D', '-f', 'haproxy.cfg'], options), 'exit')
    if (code !== 0) throw new Error(`haproxy has ended with ${code}`)
  }

  /** Nothing to do: the health check sees that the machine got the stop. */
  async takeOut() {}

  /** Nothing to do: the health check sees that it serves again. */
  async takeIn() {}

  /** Sends all further requests to this backend, if HAProxy knows its server. */
  async switchTo({ name }) {
    await this.#isUp(name)
    await this.#order(`set map live.map live ${name}`)
  }

  /** How many requests or connection attempts have been repeated. */
  async retries() {
    const rows = await this.#statistics()
    return rows.reduce((sum, { wretr, wredis }) => sum + Number(wretr) + Number(wredis), 0)
  }

  async #isUp(name) {
    const limit = AbortSignal.timeout(30_000)
    for (;;) {
      const row = (await this.#statistics()).find(({ svname }) => svname === name)
      if (row.status === 'UP' && row.check_status === 'L7OK') return
      await setTimeout(100, undefined, { signal: limit })
    }
  }

  /** A row for each frontend, backend and server, by the names of the columns. */
  async #statistics() {
    const [head, ...rows] = (await this.#order('show stat')).trim().split('\n')
    const names = head.replace('# ', '').split(',')
    return rows.map((row) => Object.fromEntries(row.split(',').map((value, index) => [names[index], value])))
  }

  /** Asks the runtime API. */
  async #order(command) {
    const socket = connect(join(this.#folder, 'admin.sock'))
    socket.end(`${command}\n`)
    return text(socket)
  }
}

await runExample(import.meta.url, HAProxy)
