import { type ChildProcess, execFile, execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, readdirSync, readFileSync, rmdirSync } from 'node:fs'
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import type { Test } from 'tap'
import { isAlive, survivorsOf } from './fds.js'
import { WAIT_LIMIT, within } from './limit.js'

const MANAGER = '/lib/systemd/systemd'
const CGROUPS = '/sys/fs/cgroup'

/** How a command of systemctl ended. */
export interface Outcome {
  code: number
  stdout: string
  stderr: string
}

/** Why no user manager can be started here; false if one can. */
export const NO_USER_MANAGER = reason()

/**
 * A systemd user manager of a test's own: with its own folder of units, its own socket and its own part of the cgroup
 * tree.
 */
export class UserManager {
  /** `$XDG_RUNTIME_DIR`, `%t` in a unit. */
  readonly folder: string
  readonly #process: ChildProcess
  readonly #cgroups: string[]
  readonly #stderr: string[] = []

  private constructor(folder: string, process: ChildProcess, cgroups: string[]) {
    this.folder = folder
    this.#process = process
    this.#cgroups = cgroups
    process.stderr?.setEncoding('utf8').on('data', (text) => this.#stderr.push(text))
  }

  /** Starts one and waits until it takes commands. At the end of the test nothing of it may be left. */
  static async start(t: Test): Promise<UserManager> {
    await mkdir('/run/systemd/system', { recursive: true })
    const folder = await mkdtemp(join(tmpdir(), 'graceful-'))
    await mkdir(join(folder, 'systemd/user'), { recursive: true })
    const cgroups = hierarchies().map((root) => join(root, folder.replace(/^.*\//, '')))
    // A manager whose test is killed ends too.
    const enter =
      'for group in $CGROUPS; do mkdir $group && echo $$ > $group/cgroup.procs; done 2>/dev/null; exec setpriv --pdeathsig TERM "$@"'
    const variables = [
      `PATH=${process.env.PATH}`,
      `XDG_RUNTIME_DIR=${folder}`,
      `XDG_CACHE_HOME=${join(folder, 'cache')}`
    ]
    const manager = ['env', '-i', ...variables, MANAGER, '--user']
    const env = { PATH: process.env.PATH, CGROUPS: cgroups.join(' ') }
    const started = spawn('sh', ['-c', enter, 'sh', ...manager, '--unit=basic.target'], {
      env,
      stdio: ['ignore', 'ignore', 'pipe']
    })
    const self = new UserManager(folder, started, cgroups)
    t.teardown(() => self.#teardown())
    await within(self.#ready(), 'user manager', () => self.#stderr.join(''))
    return self
  }

  /** Writes units, or drop-ins of them, and has them read. */
  async write(units: Record<string, string>): Promise<void> {
    for (const [name, text] of Object.entries(units)) {
      const path = join(this.folder, 'systemd/user', name)
      await mkdir(join(path, '..'), { recursive: true })
      await writeFile(path, text)
    }
    await this.succeed('daemon-reload')
  }

  /** Runs `systemctl --user`. */
  systemctl(...args: string[]): Promise<Outcome> {
    const env = { PATH: process.env.PATH, XDG_RUNTIME_DIR: this.folder }
    return new Promise((resolve) => {
      execFile('systemctl', ['--user', ...args], { env, timeout: WAIT_LIMIT }, (error, stdout, stderr) =>
        resolve({ code: error === null ? 0 : Number(error.code ?? -1), stdout, stderr })
      )
    })
  }

  /**
   * The same, of a command that must succeed.
   *
   * @throws {Error} with what it said
   */
  async succeed(...args: string[]): Promise<string> {
    const { code, stdout, stderr } = await this.systemctl(...args)
    if (code !== 0) throw new Error(`systemctl ${args.join(' ')} ended with ${code}: ${stderr}${this.#stderr.join('')}`)
    return stdout
  }

  /** Properties of a unit. */
  async show(unit: string, ...properties: string[]): Promise<Record<string, string>> {
    const text = await this.succeed('show', unit, `--property=${properties.join(',')}`)
    return Object.fromEntries(
      text
        .trim()
        .split('\n')
        .map((line) => /^(.*?)=(.*)$/.exec(line)?.slice(1) ?? [])
    )
  }

  /** Waits until a property of a unit has a value: what systemd knows is no event for a test. */
  async until(unit: string, property: string, value: string): Promise<void> {
    const seen = new Set<string>()
    const poll = async () => {
      for (;;) {
        const { [property]: found = '' } = await this.show(unit, property)
        if (found === value) return
        seen.add(found)
        await pause(20)
      }
    }
    await within(poll(), `${property}=${value} of ${unit}`, () => [...seen].join('\n'))
  }

  /** Every process of the manager's services. */
  get pids(): number[] {
    const all = this.#cgroups.flatMap((group) => foldersBelow(group).flatMap((folder) => membersOf(folder)))
    return [...new Set(all)]
  }

  async #ready(): Promise<void> {
    while ((await this.systemctl('is-active', 'basic.target')).code !== 0) await pause(20)
  }

  async #teardown(): Promise<void> {
    const exit = once(this.#process, 'exit')
    // Stop the units first: the manager waits another minute and a half for units that do not stop.
    await this.systemctl('stop', '*.socket', '*.service')
    this.#process.kill('SIGTERM')
    const late = await within(exit, 'end of the user manager').catch((error: Error) => error)
    const survivors = late instanceof Error ? this.pids : await survivorsOf(() => this.pids.filter(isAlive))
    for (const pid of survivors) process.kill(pid, 'SIGKILL')
    for (const group of this.#cgroups) for (const folder of foldersBelow(group)) rmdirSync(folder)
    await rm(this.folder, { recursive: true, force: true })
    if (survivors.length > 0) throw new Error(`processes survived: ${survivors}`)
  }
}

/** A control group with all below it, the deepest first. */
function foldersBelow(folder: string): string[] {
  if (!existsSync(folder)) return []
  const names = readdirSync(folder, { withFileTypes: true }).filter((entry) => entry.isDirectory())
  return [...names.flatMap(({ name }) => foldersBelow(join(folder, name))), folder]
}

function membersOf(group: string): number[] {
  return readFileSync(join(group, 'cgroup.procs'), 'utf8').split('\n').filter(Boolean).map(Number)
}

/** One, or with cgroup v1 several: https://www.kernel.org/doc/html/latest/admin-guide/cgroup-v2.html#mounting */
function hierarchies(): string[] {
  if (existsSync(join(CGROUPS, 'cgroup.procs'))) return [CGROUPS]
  const names = existsSync(CGROUPS) ? readdirSync(CGROUPS) : []
  return names.map((name) => join(CGROUPS, name)).filter((path) => existsSync(join(path, 'cgroup.procs')))
}

function reason(): string | false {
  if (!existsSync(MANAGER)) return 'systemd is not installed'
  if (process.getuid?.() !== 0) return 'a user manager of its own can only be started by root'
  try {
    execFileSync('systemctl', ['--version'], { stdio: 'ignore' })
  } catch {
    return 'systemctl cannot be run'
  }
  return hierarchies().length === 0 && 'there are no control groups'
}
