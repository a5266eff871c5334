// Under load: two machines behind nginx are reloaded, one is replaced, and a service changes from blue to green.
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { copyFile, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { runExample } from '../proxies/run.mjs'

const FILES = ['nginx.conf', 'machines.conf', 'live.conf']

class Nginx {
  static program = 'nginx'
  static title = 'nginx'
  static folder = import.meta.url
  /** A reload of nginx closes idle connections of its clients: see README.md. */
  keepsClients = false
  #folder

  constructor(folder) {
    this.#folder = folder
  }

  async start() {
    for (const file of FILES) await copyFile(new URL(file, import.meta.url), this.#path(file))
    await this.#nginx()
  }

  /** Before a machine is stopped. */
  async takeOut(machine) {
    const all = await readFile(this.#path('machines.conf'), 'utf8')
    const address = `10.${machine.name.at(-1)}.0.2`
    await writeFile(this.#path('machines.conf'), all.replace(`server ${address}:3000;\n`, ''))
    await this.#reload()
  }

  /** When it serves again. */
  async takeIn() {
    await copyFile(new URL('machines.conf', import.meta.url), this.#path('machines.conf'))
    await this.#reload()
  }

  async switchTo() {
    await writeFile(this.#path('live.conf'), 'server 127.0.0.1:4002;\n')
    await this.#reload()
  }

  /** How many requests have been sent to more than one server. */
  async retries() {
    const lines = (await readFile(this.#path('tried.log'), 'utf8')).split('\n')
    return lines.filter((line) => line.includes(',')).length
  }

  /** `nginx -s reload` returns as soon as the signal is sent. For a moment the old workers go on. */
  #reload() {
    return this.#nginx('-s', 'reload')
  }

  async #nginx(...args) {
    const all = ['-p', this.#folder, '-c', 'nginx.conf', '-e', 'error.log', '-g', 'user root;', ...args]
    const [code] = await once(spawn('nginx', all, { stdio: ['ignore', 'ignore', 'inherit'] }), 'exit')
    if (code !== 0) throw new Error(`nginx ${args.join(' ')} has ended with ${code}`)
  }

  #path(file) {
    return join(this.#folder, file)
  }
}

await runExample(import.meta.url, Nginx)
