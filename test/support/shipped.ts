import { type ChildProcess, spawn } from 'node:child_process'
import { randomUUID } from 'node:crypto'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { chmod, cp, mkdir, readFile, stat, symlink } from 'node:fs/promises'
import { join } from 'node:path'
import type { Test } from 'tap'
import { bare, ownEnvironment } from './bare.js'
import { isAlive, pidsWithMarker, survivorsOf } from './fds.js'
import { freePort } from './free-port.js'
import { ServerFailure, within } from './limit.js'
import { Output } from './output.js'
import { PACKAGE_ROOT } from './release.js'
import { tempFolder } from './temp-folder.js'

/** What the app of an example answers. */
export interface Answer {
  pid: number
  /** Not of all. */
  generation?: number
}

/** A folder of example/ as its user has it: the files as they are, and the packages that they need. */
export async function installShipped(folder: string, name: 'deploy' | 'kubernetes' | 'systemd'): Promise<string> {
  await cp(join(PACKAGE_ROOT, 'example', name), folder, { recursive: true })
  await mkdir(join(folder, 'node_modules/.bin'), { recursive: true })
  await symlink(PACKAGE_ROOT, join(folder, 'node_modules/fastify-graceful-reload'))
  await symlink(join(PACKAGE_ROOT, 'node_modules/fastify'), join(folder, 'node_modules/fastify'))
  const { bin } = JSON.parse(await readFile(join(PACKAGE_ROOT, 'package.json'), 'utf8')) as {
    bin: Record<string, string>
  }
  for (const [command, file] of Object.entries(bin)) {
    // As npm does. What is so already is left alone: a test of a watcher may run beside this one.
    const { mode } = await stat(join(PACKAGE_ROOT, file))
    if ((mode & 0o111) === 0) await chmod(join(PACKAGE_ROOT, file), 0o755)
    await symlink(join('../fastify-graceful-reload', file), join(folder, 'node_modules/.bin', command))
  }
  return folder
}

/** Sends a request to the app of an example, on its own connection. */
export async function askShipped(port: number): Promise<Answer> {
  const response = await fetch(`http://127.0.0.1:${port}/`, { headers: { connection: 'close' } })
  return (await response.json()) as Answer
}

/** How to start an app other than that of example/deploy. */
export interface ShippedSettings {
  /** What to add to the environment. */
  env?: NodeJS.ProcessEnv
  /**
   * Makes the folder of the app in the folder of the test, and returns its path. Default: the app of
   * example/deploy.
   */
  install?(home: string): Promise<string>
  /** Where it prints, if not on the pipes of the command; of the folder of the app. */
  outputOf?(folder: string): Output
}

/** The app of example/deploy, started by what the files beside it say. */
export class Shipped {
  readonly folder: string
  readonly port: number
  readonly child: ChildProcess
  readonly output: Output
  /** How the started program ended. */
  readonly exit: Promise<{ code: number | null; signal: NodeJS.Signals | null }>
  readonly #env: NodeJS.ProcessEnv
  readonly #marker: string

  private constructor(child: ChildProcess, folder: string, env: NodeJS.ProcessEnv, output: Output | undefined) {
    if (child.stdout === null || child.stderr === null) throw new Error(`cannot spawn ${child.spawnfile}`)
    this.child = child
    this.folder = folder
    this.port = Number(env.PORT)
    this.output = output ?? new Output(child.stdout, child.stderr)
    this.exit = once(child, 'exit').then(([code, signal]) => ({ code, signal }))
    this.#env = env
    this.#marker = `SHIPPED_MARKER=${env.SHIPPED_MARKER}`
  }

  /**
   * Starts a command in another folder than that of the app, and waits until the app serves. At the end of the test
   * nothing of it may be left.
   *
   * @param commandOf - makes the command, of the folder of the app
   */
  static async start(
    t: Test,
    commandOf: (folder: string) => string[],
    { env: added = {}, install = installDeploy, outputOf }: ShippedSettings = {}
  ): Promise<Shipped> {
    const home = await tempFolder(t)
    const folder = await install(home)
    const output = outputOf?.(folder)
    const where = { PORT: String(await freePort()), HOST: '127.0.0.1', HOME: home, SHIPPED_MARKER: randomUUID() }
    const env = { ...ownEnvironment(), ...where, ...added }
    const [file = '', ...args] = commandOf(folder)
    const child = spawn(...bare(env, file, args), { cwd: home, stdio: ['ignore', 'pipe', 'pipe'] })
    const shipped = new Shipped(child, folder, env, output)
    t.teardown(() => shipped.#teardown())
    await shipped.serving(1)
    return shipped
  }

  /**
   * Waits until a generation serves alone. After it has said that it serves, a new connection may still reach its
   * parent, until the parent has read that.
   */
  async serving(generation: number): Promise<void> {
    const { pid } = await this.output.event((line) => line.graceful === 'serving' && line.generation === generation)
    if (generation > 1) await this.output.event((line) => line.graceful === 'handed-over' && line.child === pid)
  }

  /** Sends the app a request, on its own connection. */
  ask(): Promise<Answer> {
    return askShipped(this.port)
  }

  /**
   * Runs a program in the same environment, from the folder in which the first one was started. Resolves when it has
   * ended with 0.
   */
  async order(file: string, ...args: string[]): Promise<string> {
    const child = spawn(...bare(this.#env, file, args), {
      cwd: join(this.folder, '..'),
      stdio: ['ignore', 'pipe', 'pipe']
    })
    const texts: string[] = []
    for (const stream of [child.stdout, child.stderr]) stream.setEncoding('utf8').on('data', (text) => texts.push(text))
    const [code] = await within(once(child, 'close'), `end of ${file}`, () => texts.join(''))
    if (code !== 0)
      throw new ServerFailure(`${file} ${args.join(' ')} ended with ${code}: ${texts.join('')}`, `${this.output}`)
    return texts.join('')
  }

  /** Waits until no process is left. */
  async gone(): Promise<void> {
    const survivors = await survivorsOf(() => this.#alive)
    if (survivors.length > 0) throw new ServerFailure(`processes survived: ${survivors}`, this.output.toString())
  }

  /** The process that the started one has started, as PID 1 of a namespace is. */
  get below(): number {
    const isBelow = (pid: number) => readProc(pid, 'status').includes(`\nPPid:\t${this.child.pid}\n`)
    return this.#only('process below the first one', isBelow)
  }

  /** The launcher. */
  get launcher(): number {
    const isLauncher = (pid: number) =>
      /^[^\0]*node\0[^\0]*\.bin\/fastify-graceful-reload\0/.test(readProc(pid, 'cmdline'))
    return this.#only('launcher', isLauncher)
  }

  #only(what: string, test: (pid: number) => boolean): number {
    const [found, ...others] = this.#alive.filter(test)
    if (found === undefined || others.length > 0)
      throw new ServerFailure(`not one ${what}: ${[found, ...others]}`, `${this.output}`)
    return found
  }

  get #alive(): number[] {
    return pidsWithMarker(this.#marker).filter(isAlive)
  }

  async #teardown(): Promise<void> {
    const survivors = await survivorsOf(() => this.#alive)
    for (const pid of survivors) process.kill(pid, 'SIGKILL')
    if (survivors.length > 0) throw new ServerFailure(`processes survived: ${survivors}`, this.output.toString())
  }
}

function installDeploy(home: string): Promise<string> {
  return installShipped(join(home, 'app'), 'deploy')
}

function readProc(pid: number, file: string): string {
  try {
    return readFileSync(`/proc/${pid}/${file}`, 'utf8')
  } catch {
    return '' // It has just ended.
  }
}
