import { writeFileSync } from 'node:fs'
import { mkdir, writeFile } from 'node:fs/promises'
import { dirname } from 'node:path'
import type { Test } from 'tap'
import { HttpConnection, type Target } from './connection.js'
import { within } from './limit.js'
import type { TestServer } from './server.js'
import { launchServer, type ServerSettings } from './start.js'

const LINE = /^err: fastify-graceful-reload: (.*)$/

/** A server whose files the launcher watches, with the lines of the launcher. */
export class Watched {
  readonly server: TestServer
  readonly #lines: string[] = []
  #read = 0
  #wake = () => {}

  private constructor(server: TestServer) {
    this.server = server
    server.output.read((text) => this.#take(text))
  }

  /** @param files - texts by name, in addition to the fixture; the first one is the script */
  static async launch(
    t: Test,
    files: Record<string, string>,
    settings: Pick<ServerSettings, 'config' | 'launcher' | 'execArgv' | 'env'> = {}
  ): Promise<Watched> {
    const server = await launchServer(t, {
      launcher: ['--watch'],
      script: Object.keys(files)[0] as string,
      prepare: async (release) => {
        for (const [name, text] of Object.entries(files)) {
          await mkdir(dirname(release.path(name)), { recursive: true })
          await writeFile(release.path(name), text)
        }
        return undefined
      },
      ...settings
    })
    return new Watched(server)
  }

  /** The next line of the launcher. Each line is read once, so the next call finds an unexpected one. */
  async line(): Promise<string> {
    const wait = async () => {
      while (this.#lines.length <= this.#read) await new Promise<void>((resolve) => (this.#wake = resolve))
    }
    await within(wait(), 'line of the launcher', () => this.server.output.toString())
    return this.#lines[this.#read++] as string
  }

  /** Lines that were not asked for. */
  get rest(): string[] {
    return this.#lines.slice(this.#read)
  }

  /**
   * Writes a file as most editors do: shortened to nothing, then written. Both in one go, since the launcher takes a
   * file that stays empty for saved.
   */
  save(name: string, text: string): void {
    writeFileSync(this.server.release.path(name), text)
  }

  /** Lines of a stack are not counted. */
  #take(text: string): void {
    const [, line] = LINE.exec(text) ?? []
    if (line === undefined || line.startsWith('  ')) return
    this.#lines.push(line)
    this.#wake()
  }
}

/** Sends a request on its own connection. */
export async function askOnce(target: Target, path: string): Promise<string> {
  const connection = await HttpConnection.open(target)
  try {
    return (await connection.request({ path, headers: { connection: 'close' } })).body
  } finally {
    connection.close()
  }
}

/** A page that sends request after request, each on its own connection, and never retries one. */
export class Page {
  readonly failures: string[] = []
  readonly #target: Target
  readonly #path: string
  readonly #end: Promise<void>
  #isOver = false
  #asked = 0

  constructor(target: Target, path: string) {
    this.#target = target
    this.#path = path
    this.#end = this.#run()
  }

  get asked(): number {
    return this.#asked
  }

  async close(): Promise<void> {
    this.#isOver = true
    await this.#end
  }

  async #run(): Promise<void> {
    while (!this.#isOver) {
      await askOnce(this.#target, this.#path).catch((error: Error) => this.failures.push(error.message))
      this.#asked += 1
    }
  }
}
