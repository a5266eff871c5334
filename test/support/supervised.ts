import { type ChildProcess, spawn } from 'node:child_process'
import { randomUUID } from 'node:crypto'
import { once } from 'node:events'
import { chmodSync, readdirSync, readFileSync, statSync } from 'node:fs'
import { cp, mkdir, mkdtemp, rm, symlink } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Test } from 'tap'
import { bare, ownEnvironment } from './bare.js'
import type { Target } from './connection.js'
import { Control } from './control.js'
import { isAlive, pidsWithMarker, survivorsOf } from './fds.js'
import { ServerFailure, within } from './limit.js'
import { type Line, type Match, Output } from './output.js'
import { type FixtureConfig, PACKAGE_ROOT, Release } from './release.js'

/** How a supervisor is started. */
export interface SupervisedSettings {
  config?: FixtureConfig
  /** Writes the configuration; returns the command of the supervisor, and what to add to its environment. */
  prepare(release: Release, folder: string): Promise<{ command: string[]; env?: Record<string, string> }>
  /** Ends a supervisor that does not end by itself, when the test is over. */
  end?(supervised: Supervised): Promise<unknown>
}

/** How often to look, because the end of a process that is not our child causes no event. Milliseconds. */
const INTERVAL = 20

/** The fixture server as `server.js` in a folder as a user has it, started by a supervisor. */
export class Supervised {
  readonly release: Release
  /** All that the supervisor and the servers print. */
  readonly output: Output
  /** The supervisor. */
  readonly child: ChildProcess
  /** How it ended. */
  readonly exit: Promise<{ code: number | null; signal: NodeJS.Signals | null }>
  readonly env: NodeJS.ProcessEnv
  readonly #control: Control
  readonly #marker: string

  private constructor(child: ChildProcess, release: Release, control: Control, marker: string, env: NodeJS.ProcessEnv) {
    if (child.stdout === null || child.stderr === null) throw new Error(`cannot spawn ${child.spawnfile}`)
    this.child = child
    this.release = release
    this.output = new Output(child.stdout, child.stderr)
    this.exit = once(child, 'exit').then(([code, signal]) => ({ code, signal }))
    this.env = env
    this.#control = control
    this.#marker = marker
  }

  /** Starts a supervisor and waits until the server serves. At the end of the test nothing of it may be left. */
  static async start(t: Test, { config, prepare, end }: SupervisedSettings): Promise<Supervised> {
    const folder = await mkdtemp(join(tmpdir(), 'graceful-'))
    const release = await Release.create(join(folder, 'app'), config)
    await cp(release.path('server.cjs'), release.path('server.js'))
    await linkCommand(release)
    const control = await Control.listen(join(folder, 'control.sock'))
    const { command, env: added } = await prepare(release, folder)
    const marker = `FIXTURE_MARKER=${randomUUID()}`
    const own = { FIXTURE_CONTROL: control.path, FIXTURE_MARKER: marker.split('=')[1] as string }
    const env = { ...ownEnvironment(), ...added, ...own }
    const [file = '', ...args] = command
    const child = spawn(...bare(env, file, args), { cwd: release.folder, stdio: ['ignore', 'pipe', 'pipe'] })
    const supervised = new Supervised(child, release, control, marker, env)
    t.teardown(async () => {
      try {
        await end?.(supervised)
      } finally {
        await supervised.#teardown().finally(() => control.close())
        await rm(folder, { recursive: true, force: true })
      }
    })
    await Promise.all([supervised.event('started'), supervised.serving(1)])
    return supervised
  }

  /** The first line that matches, past or future. */
  event(match: Match): Promise<Line> {
    return this.output.event(match)
  }

  /** Waits until a generation serves; returns the pid that it has for itself. */
  async serving(generation: number): Promise<number> {
    const test = (line: Line) => line.graceful === 'serving' && line.generation === generation
    return (await this.event({ what: `service of generation ${generation}`, test })).pid
  }

  /** The pid, for itself, of the process that serves now. */
  get current(): number {
    return this.output.all('serving').at(-1)?.pid ?? 0
  }

  /** Where clients find it. */
  get target(): Target {
    const { address } = this.output.all('listening').at(-1) as Line & { address: { address: string; port: number } }
    return { host: address.address, port: address.port }
  }

  /** Whether there is a process that has this pid for itself. */
  exists(pid: number): boolean {
    return this.#find(pid) !== undefined
  }

  /** Sends a signal to a process, by the pid that the process itself sees. Default: the one that serves now. */
  signal(name: NodeJS.Signals, pid = this.current): void {
    const outer = this.#find(pid)
    if (outer === undefined) throw new ServerFailure(`no process has the pid ${pid}`, this.output.toString())
    process.kill(outer, name)
  }

  /** Lets a request be answered that the fixture holds. */
  answer(name: string, pid = this.current): Promise<void> {
    return this.#control.tell(pid, { command: 'release', name })
  }

  /** Every process of the supervisor and the servers, seen from here. */
  alive(): number[] {
    return pidsWithMarker(this.#marker).filter(isAlive)
  }

  /** The parent of a process. It sees the process under the same pid as the process itself. */
  parentOf(pid: number): number {
    const ppid = parentOf(this.#find(pid) ?? 0)
    return innerPid(ppid)
  }

  /** Children of these processes that have ended and were not reaped. */
  zombies(): number[] {
    const alive = this.alive()
    const pids = readdirSync('/proc').filter((name) => /^\d+$/.test(name))
    return pids.map(Number).filter((pid) => {
      const status = statusOf(pid)
      return /^State:\s+Z/m.test(status) && alive.includes(parentOf(pid))
    })
  }

  /** Waits for a promise with the usual limit; a failure shows the output. */
  waitFor<T>(promise: Promise<T>, what: string): Promise<T> {
    return within(promise, what, () => this.output.toString())
  }

  /** Waits for a fact that no process reports. */
  async until(what: string, test: () => boolean): Promise<void> {
    const over = new AbortController()
    const poll = async () => {
      while (!test() && !over.signal.aborted) await new Promise((resolve) => setTimeout(resolve, INTERVAL))
    }
    await this.waitFor(poll(), what).finally(() => over.abort())
  }

  /** Waits until no process is left, the supervisor included. */
  async untilGone(): Promise<void> {
    await this.until('end of all processes', () => this.alive().length === 0)
  }

  /** The pid outside of a PID namespace. */
  #find(pid: number): number | undefined {
    return this.alive().find((alive) => innerPid(alive) === pid)
  }

  async #teardown(): Promise<void> {
    const survivors = await survivorsOf(() => this.alive())
    for (const pid of survivors) process.kill(pid, 'SIGKILL')
    if (survivors.length > 0) throw new ServerFailure(`processes survived: ${survivors}`, this.output.toString())
  }
}

/** What npm makes of the package's `bin`. */
async function linkCommand(release: Release): Promise<void> {
  const command = join(PACKAGE_ROOT, 'dist/package/cli/bin.js')
  // A correct mode is left alone, because a watcher sees a change of the mode as a change of the file.
  if ((statSync(command).mode & 0o111) === 0) chmodSync(command, 0o755)
  await mkdir(release.path('node_modules/.bin'))
  await symlink(command, release.path('node_modules/.bin/fastify-graceful-reload'))
}

/** The pid in the innermost namespace: https://man7.org/linux/man-pages/man5/proc_pid_status.5.html, NSpid */
function innerPid(pid: number): number {
  const pids = /^NSpid:\s+(.*)$/m.exec(statusOf(pid))?.[1]
  return Number(pids?.split(/\s+/).at(-1))
}

/** Of a process, by its pid as it is seen from here. NaN if it has ended. */
export function parentOf(pid: number): number {
  return Number(/^PPid:\s+(\d+)/m.exec(statusOf(pid))?.[1])
}

function statusOf(pid: number): string {
  try {
    return readFileSync(`/proc/${pid}/status`, 'utf8')
  } catch {
    return '' // It has just ended.
  }
}
