import { spawn } from 'node:child_process'
import { randomUUID } from 'node:crypto'
import { once } from 'node:events'
import { mkdtemp, readdir, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Test } from 'tap'
import { bare, ownEnvironment } from './bare.js'
import { pidsWithMarker, survivorsOf } from './fds.js'
import { within } from './limit.js'
import { Output } from './output.js'
import { PACKAGE_ROOT } from './release.js'

/** The live view of example/dashboard, which runs with its two servers. */
export class LiveView {
  /** Where its page is. */
  readonly url: string
  readonly #pid: number
  readonly #marker: string
  readonly #folder: string
  readonly #exit: Promise<unknown[]>

  private constructor(url: string, pid: number, marker: string, folder: string, exit: Promise<unknown[]>) {
    this.url = url
    this.#pid = pid
    this.#marker = marker
    this.#folder = folder
    this.#exit = exit
  }

  /** Starts it, with these options. At the end of the test nothing of it may be left. */
  static async start(t: Test, ...args: string[]): Promise<LiveView> {
    const marker = `FIXTURE_MARKER=${randomUUID()}`
    const folder = await mkdtemp(join(tmpdir(), 'graceful-view-'))
    const env = { ...ownEnvironment(), TMPDIR: folder, FIXTURE_MARKER: marker.split('=')[1] }
    const command = bare(env, process.execPath, [join(PACKAGE_ROOT, 'example/dashboard/run.mjs'), ...args])
    const child = spawn(...command, { stdio: ['ignore', 'pipe', 'pipe'] })
    const exit = once(child, 'exit')
    t.teardown(async () => {
      child.kill('SIGINT')
      const survivors = await survivorsOf(() => pidsWithMarker(marker))
      for (const pid of survivors) process.kill(pid, 'SIGKILL')
      await rm(folder, { recursive: true, force: true })
      if (survivors.length > 0) throw new Error(`processes survived: ${survivors}`)
    })
    const line = await new Output(child.stdout, child.stderr).said(/^out: The live view is at /)
    return new LiveView(/ at (\S+)/.exec(line)?.[1] ?? '', child.pid as number, marker, folder, exit)
  }

  /** Ctrl-C. Returns the exit code, and what is left: processes, and files in its folder. */
  async interrupt(): Promise<{ code: unknown; pids: number[]; files: string[] }> {
    process.kill(this.#pid, 'SIGINT')
    const [code] = await within(this.#exit, 'end of the live view')
    const pids = await survivorsOf(() => pidsWithMarker(this.#marker))
    return { code, pids, files: await readdir(this.#folder) }
  }
}
