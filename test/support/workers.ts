import { join } from 'node:path'
import type { Test } from 'tap'
import { HttpConnection } from './connection.js'
import { isNamed, type Line } from './output.js'
import { PACKAGE_ROOT, type Release } from './release.js'
import type { TestServer } from './server.js'
import { launchServer, type ServerSettings } from './start.js'
import { untilLeft, untilTrue } from './tree.js'

/** How workers are started. */
export interface WorkerSettings extends Omit<ServerSettings, 'prepare'> {
  /** Default: 3. */
  count?: number
  /** What `--workers` says. Default: the count. */
  given?: string
  /** Changes the release before the start. */
  edit?: (release: Release) => Promise<void>
}

/** What a worker answers. */
export interface Who {
  pid: number
  generation: number
  release: string
}

/** Starts a fixture server with several workers under a launcher and waits until all of them serve. */
export async function startWorkers(t: Test, settings: WorkerSettings = {}): Promise<Workers> {
  const { count = 3, given = String(count), script = 'server.cjs', edit, ...rest } = settings
  const server = await launchServer(t, {
    ...rest,
    prepare: async (release) => {
      await edit?.(release)
      const bin = join(PACKAGE_ROOT, 'dist/package/cli/bin.js')
      return { command: [process.execPath, bin, '--workers', given, release.path(script)] }
    }
  })
  const workers = new Workers(server, count)
  // Before the server's own teardown, which does not know the launcher.
  t.teardown(() => workers.teardown())
  await workers.started(1)
  return workers
}

/** Several servers under one launcher. */
export class Workers {
  readonly server: TestServer
  readonly count: number

  constructor(server: TestServer, count: number) {
    this.server = server
    this.count = count
  }

  get launcher(): number {
    return this.server.pid
  }

  /** The processes of one generation that have said that they serve, in the order in which they did. */
  of(generation: number): number[] {
    return this.server.events((line) => line.graceful === 'serving' && line.generation === generation).map(pidOf)
  }

  /** Waits until all workers of a generation serve, or so many; returns their pids. */
  async started(generation: number, count = this.count): Promise<number[]> {
    const isStarted = (pid: number) => this.has(pid, 'started')
    await untilTrue(this.server, `${count} workers of generation ${generation}`, () => {
      return this.of(generation).length >= count && this.of(generation).every(isStarted)
    })
    return this.of(generation)
  }

  /** Whether a process has said this. */
  has(pid: number, name: string): boolean {
    return this.server.events((line) => line.pid === pid && isNamed(line, name)).length > 0
  }

  /** Where in the output a process said this; -1: nowhere. */
  at(pid: number, name: string): number {
    return this.server.output.lines.findIndex((line) => line.pid === pid && isNamed(line, name))
  }

  /** Waits until each of these processes has said this. */
  async untilAll(pids: number[], name: string): Promise<void> {
    await untilTrue(this.server, `"${name}" of ${pids}`, () => pids.every((pid) => this.has(pid, name)))
  }

  /** Waits for a line of the launcher. */
  async logged(text: RegExp): Promise<void> {
    await untilTrue(this.server, `line like ${text}`, () => text.test(this.server.output.toString()))
  }

  /** Waits until nothing but the launcher and these processes is left. */
  async left(pids: number[]): Promise<void> {
    await untilLeft(this.server, [this.launcher, ...pids])
  }

  /**
   * Reloads by a signal to the launcher, and waits until nothing is left of the generation before. Returns the new
   * pids.
   */
  async reload(generation: number): Promise<number[]> {
    const before = this.server.alive().filter((pid) => pid !== this.launcher)
    this.server.signal('SIGHUP', this.launcher)
    const pids = await this.started(generation)
    await this.left(pids)
    // A process may be gone before its last words have been read.
    await this.untilAll(before, 'exit')
    return pids
  }

  /** Sends requests on new connections until each of these processes has answered one. */
  async met(pids: number[]): Promise<void> {
    const missing = new Set(pids)
    let isOver = false
    const meet = async () => {
      while (missing.size > 0 && !isOver) {
        const some = await Promise.all(Array.from({ length: 8 }, () => askOnce(this.server)))
        for (const { pid } of some) missing.delete(pid)
      }
    }
    try {
      await this.server.waitFor(meet(), `answer of each of ${pids}`)
    } finally {
      isOver = true
    }
  }

  /** A connection to this process, found by trial. */
  async connectionTo(pid: number): Promise<HttpConnection> {
    const others: HttpConnection[] = []
    let isOver = false
    const find = async () => {
      while (!isOver) {
        const connection = await HttpConnection.open(this.server.target())
        const who = JSON.parse((await connection.request({ path: '/' })).body) as Who
        if (who.pid === pid) return connection
        others.push(connection)
      }
      throw new Error('too late')
    }
    try {
      return await this.server.waitFor(find(), `connection to ${pid}`)
    } finally {
      isOver = true
      for (const connection of others) connection.close()
    }
  }

  /** Stops by a signal to the launcher; returns its exit code, or the signal that it died by. */
  async stop(signal: NodeJS.Signals = 'SIGTERM'): Promise<number | string | null> {
    this.server.signal(signal, this.launcher)
    const { code, signal: by } = await this.server.waitFor(this.server.exit, 'end of the launcher')
    await this.server.waitFor(this.server.gone, 'end of all workers')
    return by ?? code
  }

  async teardown(): Promise<void> {
    if (this.server.alive().includes(this.launcher)) await this.stop()
  }
}

/** Requests `/` on its own connection. */
export async function askOnce(server: TestServer): Promise<Who> {
  const connection = await HttpConnection.open(server.target())
  try {
    return JSON.parse((await connection.request({ path: '/' })).body) as Who
  } finally {
    connection.close()
  }
}

const pidOf = ({ pid }: Line) => pid
