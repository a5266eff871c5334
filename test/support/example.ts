import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { copyFile, mkdir, mkdtemp, rm, symlink } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { basename, join } from 'node:path'
import type { Test } from 'tap'
import { bare, ownEnvironment } from './bare.js'
import { isAlive, survivorsOf } from './fds.js'
import { within } from './limit.js'
import { isNamed, type Line, type Match, Output } from './output.js'
import { PACKAGE_ROOT } from './release.js'

/** Ports that the examples read from their environment: all free ones. */
const FREE_PORTS = { PORT: '0', METRICS_PORT: '0', ECHO_PORT: '0', UPDATE_PORT: '0' }

interface ExampleSettings {
  env?: Record<string, string>
  /** How many apps it has that listen. */
  apps?: number
  copied?: boolean
  /** What else is to be put into its folder. */
  prepare?: (folder: string) => Promise<unknown>
  /** The launcher, with its options. */
  launcher?: string[]
}

/** A program of example/ that runs, with all its generations. */
export class Example {
  /** All that any generation prints. */
  readonly output: Output
  /** An empty folder, in which it runs. */
  readonly folder: string
  #child: ChildProcess
  #exit: Promise<unknown>

  private constructor(child: ChildProcess, folder: string) {
    if (child.stdout === null || child.stderr === null) throw new Error('cannot spawn Node')
    this.#child = child
    this.folder = folder
    this.output = new Output(child.stdout, child.stderr)
    this.#exit = once(child, 'exit')
  }

  /**
   * Starts an example and waits until it serves with all its apps. At the end of the test nothing of it may be left.
   * A copied one runs from its own folder, where it can be edited.
   */
  static async start(
    t: Test,
    script: string,
    { env = {}, apps = 1, copied = false, prepare = async () => {}, launcher = [] }: ExampleSettings = {}
  ): Promise<Example> {
    const folder = await mkdtemp(join(tmpdir(), 'graceful-example-'))
    const path = copied ? await copy(script, folder) : join(PACKAGE_ROOT, script)
    await prepare(folder)
    const command = bare({ ...ownEnvironment(), ...FREE_PORTS, ...env }, process.execPath, [...launcher, path])
    const example = new Example(spawn(...command, { cwd: folder, stdio: ['ignore', 'pipe', 'pipe'] }), folder)
    t.teardown(() => example.#teardown())
    await example.serving(1)
    await example.event(() => example.#ports.length === apps)
    return example
  }

  /** The process that was started: the launcher, or the first generation. */
  get started(): number {
    return this.#child.pid as number
  }

  /** The process that serves now. */
  get pid(): number {
    // A child that serves may have given the service back.
    const serves = (line: Line) => isNamed(line, 'serving') || isNamed(line, 'rolled-back')
    return this.output.all(serves).at(-1)?.pid ?? (this.#child.pid as number)
  }

  /** The first line of any generation that matches, past or future. */
  event(match: Match): Promise<Line> {
    return this.output.event(match)
  }

  /** Waits until a generation serves. */
  serving(generation: number): Promise<Line> {
    return this.event((line) => line.graceful === 'serving' && line.generation === generation)
  }

  /** Asks the first of its ports that knows the path, on a connection that is not kept. */
  async ask(path: string, options: RequestInit = {}): Promise<Response> {
    for (const port of this.#ports) {
      const headers = { connection: 'close', ...(options.headers as Record<string, string>) }
      const response = await fetch(`http://localhost:${port}${path}`, { ...options, headers })
      if (response.status !== 404) return response
      await response.body?.cancel()
    }
    throw new Error(`${path} is served on no port\n${this.output}`)
  }

  /** Reloads by signal. Waits until the child serves and the parent has ended. */
  async reload(): Promise<void> {
    const parent = this.pid
    process.kill(parent, 'SIGHUP')
    const closed = await this.event((line) => line.graceful === 'closed' && line.pid === parent)
    if (closed.exitCode !== 0) throw new Error(`the parent ended with ${closed.exitCode}\n${this.output}`)
  }

  /** Stops by signal; waits until no process is left. Returns the exit code of the stopped one. */
  async stop(): Promise<unknown> {
    const { pid } = this
    process.kill(pid, 'SIGTERM')
    const closed = await this.event((line) => line.graceful === 'closed' && line.pid === pid)
    await this.gone
    return closed.exitCode
  }

  /** Waits until no process is left. */
  get gone(): Promise<unknown> {
    return within(Promise.all([this.#exit, this.output.ended]), 'end of all generations', () => this.output.toString())
  }

  /** Where its apps listen, by Fastify's own lines of the log. */
  get #ports(): number[] {
    const addresses = this.output.lines.map(({ msg }) => /^Server listening at http:.*:(\d+)$/.exec(msg ?? '')?.[1])
    return [...new Set(addresses.filter((port) => port !== undefined).map(Number))]
  }

  async #teardown(): Promise<void> {
    const pids = new Set([this.#child.pid as number, ...this.output.lines.map((line) => line.pid)])
    const survivors = await survivorsOf(() => [...pids].filter(isAlive))
    for (const pid of survivors) process.kill(pid, 'SIGKILL')
    await rm(this.folder, { recursive: true, force: true })
    if (survivors.length > 0) throw new Error(`processes survived: ${survivors}\n${this.output}`)
  }
}

/** Copies a script to where it still finds the packages that it imports. */
async function copy(script: string, folder: string): Promise<string> {
  await mkdir(join(folder, 'node_modules'))
  await symlink(PACKAGE_ROOT, join(folder, 'node_modules/fastify-graceful-reload'))
  await symlink(join(PACKAGE_ROOT, 'node_modules/fastify'), join(folder, 'node_modules/fastify'))
  const path = join(folder, basename(script))
  await copyFile(join(PACKAGE_ROOT, script), path)
  return path
}
