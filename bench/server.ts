import { join } from 'node:path'
import type { ReloadResult } from '../lib/index.js'
import { resolveOptions } from '../lib/process/resolved-options.js'
import { programOf, type Variant } from './apps/programs.js'
import { askOnce } from './ask-once.js'
import { Program } from './program.js'

/** Of the plugin, when nothing is said. Milliseconds. */
export const DEFAULT_PROBATION = resolveOptions({}).probation

const LAUNCHER = join(__dirname, '..', 'package', 'cli', 'bin.js')

/** How to start the app. */
export interface ServerSettings {
  /** Default: any that is free. */
  port?: number
  /** Default: 127.0.0.1. It must be reached at that one too. */
  host?: string
  /** Of the plugin. Default: the plugin's own. Milliseconds. */
  probation?: number
  /** Starts it through the launcher, with so many workers. */
  workers?: number
}

/** One server of the app under test, in its own process. */
export class BenchServer {
  readonly port: number
  /** The process and its successors. */
  readonly program: Program
  #pid: number

  readonly #pidStays: boolean

  private constructor(program: Program, port: number, pidStays: boolean) {
    this.#pidStays = pidStays
    this.program = program
    this.port = port
    this.#pid = program.pid
  }

  /** Starts a server of the app and waits until it listens. */
  static start(variant: Variant, settings: ServerSettings = {}): Promise<BenchServer> {
    const { port = 0, host = '127.0.0.1', probation, workers } = settings
    const env = { BENCH_PORT: String(port), BENCH_HOST: host }
    const all = probation === undefined ? env : { ...env, BENCH_PROBATION: String(probation) }
    const launcher = workers === undefined ? [] : [LAUNCHER, '--workers', String(workers)]
    return BenchServer.launch([...launcher, programOf(variant)], all, workers)
  }

  /**
   * Starts Node with these arguments, which make it one or several servers that print what apps/app.ts prints. Waits
   * until all of them listen.
   *
   * @param workers - how many servers; undefined: one, which is the process that is started
   */
  static async launch(args: string[], variables: Record<string, string>, workers?: number): Promise<BenchServer> {
    const program = new Program(args, variables)
    const [{ port }] = await Promise.all([program.said('listening'), program.said('listening', workers)])
    return new BenchServer(program, port as number, workers !== undefined)
  }

  get url(): string {
    return `http://127.0.0.1:${this.port}`
  }

  /** Resident memory in bytes. */
  async residentMemory(): Promise<number> {
    const { rss } = (await askOnce(this.port, '/memory')) as { rss: number }
    return rss
  }

  /** How many connections the process has that answers, this question's own left out. */
  async connections(): Promise<{ connections: number; pid: number }> {
    const { connections, pid } = (await askOnce(this.port, '/connections')) as { connections: number; pid: number }
    return { connections: connections - 1, pid }
  }

  /**
   * Reloads, and waits until the parent has ended. Returns how long the request took, and how long it was until the new
   * code answered for the first time, in milliseconds.
   */
  async reload(): Promise<{ duration: number; firstAnswer: number; result: ReloadResult }> {
    const parentGone = this.program.said('exit')
    const takenOver = this.program.said('taken over')
    const started = performance.now()
    const asked = (askOnce(this.port, '/reload', 'POST') as Promise<ReloadResult>).then((result) => {
      return { result, duration: performance.now() - started }
    })
    const answered = takenOver.then(({ pid }) => this.#answerBy(pid))
    // If the reload fails, the child may never answer.
    const [{ result, duration }, time] = await Promise.all([asked, answered])
    if (!this.#pidStays) this.#pid = result.pid
    await parentGone
    return { duration, firstAnswer: time - started, result }
  }

  /** When a new connection is answered by this process: the one before it still accepts for a moment. */
  async #answerBy(pid: number): Promise<number> {
    let answer: { pid?: number } = {}
    while (answer.pid !== pid) answer = (await askOnce(this.port, '/pid')) as { pid: number }
    return performance.now()
  }

  /** Stops the server and waits until the last of its processes has ended. */
  async stop(): Promise<void> {
    await this.program.stop(this.#pid)
  }
}

/** How long the app takes from the start of its process to its first answer, in milliseconds. */
export async function coldBoot(variant: Variant, settings?: ServerSettings): Promise<number> {
  const server = await BenchServer.start(variant, settings)
  await askOnce(server.port, '/pid')
  const firstAnswer = performance.now() - server.program.started
  await server.stop()
  return firstAnswer
}
