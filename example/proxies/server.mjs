import { execFile, spawn } from 'node:child_process'
import { EventEmitter, once } from 'node:events'
import { mkdir, readFile, symlink, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'

const ROOT = fileURLToPath(new URL('../..', import.meta.url))
/** In an app of yours: node_modules/.bin/fastify-graceful-reload */
const COMMAND = join(ROOT, 'dist/package/cli/bin.js')

/** A server of the example under a launcher, in a folder with a copy of its program. */
export class Server {
  /** The name of the server. */
  name
  /** Where it listens. */
  address
  port
  #folder
  #source
  #enter
  #launcher
  #lines = []
  #events = new EventEmitter()

  /**
   * @param source - the program, whose line `const RELEASE = 1` is edited for each release
   * @param enter - how to start a program on its machine
   */
  static async create(name, { folder, source, address, port = 3000, enter = [] }) {
    const server = new Server()
    Object.assign(server, { name, address, port })
    server.#folder = join(folder, name.replaceAll(' ', '-'))
    server.#source = await readFile(source, 'utf8')
    server.#enter = enter
    await mkdir(join(server.#folder, 'node_modules'), { recursive: true })
    for (const [link, target] of Object.entries({ 'fastify-graceful-reload': '.', fastify: 'node_modules/fastify' }))
      await symlink(join(ROOT, target), join(server.#folder, 'node_modules', link))
    return server
  }

  /** Its last lines in the log. */
  get log() {
    return this.#lines.slice(-20).join('\n')
  }

  /** Starts the launcher with this release, and waits until the server accepts requests. */
  async start(release) {
    await this.#write(release)
    const [file, ...args] = [...this.#enter, process.execPath, COMMAND, '--control', this.#control, 'server.mjs']
    const env = { ...process.env, NAME: this.name, PORT: String(this.port) }
    this.#launcher = spawn(file, args, { cwd: this.#folder, env, stdio: ['ignore', 'pipe', 'inherit'] })
    createInterface({ input: this.#launcher.stdout }).on('line', (line) => this.#read(line))
    this.#launcher.on('exit', () => this.#end())
    await once(this.#events, 'serving')
    const status = await this.#status()
    if (status !== 200) throw new Error(`${this.name} serves, and its status route says ${status}`)
  }

  /** Puts another release in place and reloads; rejects if the reload fails. */
  async reload(release) {
    await this.#write(release)
    await promisify(execFile)(process.execPath, [COMMAND, 'reload', '--control', this.#control])
  }

  /** Stops it by signal, as its service manager would; returns what the status route says then, and the exit code. */
  async stop() {
    const isLameDuck = once(this.#events, 'lame-duck')
    const exit = once(this.#launcher, 'exit')
    this.#launcher.kill('SIGTERM')
    await isLameDuck
    const status = await this.#status()
    const [code, signal] = await exit
    return { status, exitCode: code ?? signal }
  }

  async #status() {
    const url = `http://${this.address}:${this.port}/status/ready`
    const response = await fetch(url, { headers: { connection: 'close' } })
    await response.body?.cancel()
    return response.status
  }

  /** Each event of the plugin is a line of the log. */
  #read(line) {
    this.#lines.push(line)
    const [, event] = /"graceful":"([\w-]+)"/.exec(line) ?? []
    if (event !== undefined) this.#events.emit(event)
  }

  /** Lets everything that waits for an event fail: no event follows. */
  #end() {
    if (this.#events.listenerCount('error') > 0) this.#events.emit('error', new Error(`${this.name} has ended`))
  }

  get #control() {
    return join(this.#folder, 'control.sock')
  }

  #write(release) {
    return writeFile(join(this.#folder, 'server.mjs'), this.#source.replace('RELEASE = 1', `RELEASE = ${release}`))
  }
}
