// `npm run soak`: many reloads under light load, then some with many open connections. Ends with what the last
// generation holds beside what the second one held; fails when a request failed, a connection was closed, or something
// has grown.
// SOAK_RELOADS, SOAK_IDLE (connections), SOAK_CROWDED_RELOADS and SOAK_LIMIT (seconds) make it shorter or longer.
import { join } from 'node:path'
import type { ReloadResult } from '../lib/index.js'
import { FreshClient } from '../test/support/clients.js'
import type { HttpConnection } from '../test/support/connection.js'
import { Load } from '../test/support/load.js'
import { openIdle } from '../test/support/moving.js'
import { PersistentClient } from '../test/support/persistent-clients.js'
import { askOnce } from './ask-once.js'
import { Program } from './program.js'
import { asCount, asMebibytes, asMilliseconds, formatCells } from './table.js'

const reloads = fromEnvironment('SOAK_RELOADS', 200)
const idleConnections = fromEnvironment('SOAK_IDLE', 10_000)
const crowdedReloads = fromEnvironment('SOAK_CROWDED_RELOADS', 10)
const limit = fromEnvironment('SOAK_LIMIT', 1_800)

/** What one generation holds. */
interface Holdings {
  generation: number
  fds: string[]
  rss: number
  heapUsed: number
  external: number
  environment: number
}

/** By how much memory may differ from one process to the next without anybody having leaked it. */
const TOLERANCE = 1.5

async function main(): Promise<void> {
  const problems = await soak()
  problems.push(...(await soakCrowded('200 busy connections', 200, 0, 0)))
  problems.push(...(await soakCrowded(`${asCount(idleConnections)} idle connections`, 10, idleConnections, 20)))
  for (const problem of problems) console.log(`FAILED: ${problem}`)
  console.log(problems.length === 0 ? 'passed' : 'failed')
  if (problems.length > 0) process.exitCode = 1
}

/** Many reloads under light load. */
async function soak(): Promise<string[]> {
  const server = await SoakServer.start(100)
  const target = { host: '127.0.0.1', port: server.port }
  const silent = await openIdle(target, 50)
  const posting = await PersistentClient.openMany(target, 10)
  const clients = [...posting, ...(await PersistentClient.openMany(target, 2, 4)), new FreshClient(target)]
  const load = new Load(clients, { pause: 20, most: Number.POSITIVE_INFINITY })
  const held: Holdings[] = []
  for (let reload = 1; reload <= reloads; reload++) {
    const { timings } = await server.reload()
    await load.reached(reload + 1)
    if (reload !== 1 && reload !== reloads && reload % 10 !== 0) continue
    const now = await holdingsOf(server)
    held.push(now)
    const numbers = `${now.fds.length} fds, RSS ${asMebibytes(now.rss)}, heap ${asMebibytes(now.heapUsed)}`
    console.log(
      `reload ${reload} of ${reloads}: ${asMilliseconds(timings.total)}; generation ${now.generation}: ${numbers}`
    )
  }
  const { requests, failures, connectionsClosed } = await load.stop()
  const problems = [...failures, ...(await judge(silent, reloads + 1))]
  if (connectionsClosed > 0) problems.push(`${connectionsClosed} busy connections were closed`)
  await server.stop()
  const [first, last] = [held[0] as Holdings, held.at(-1) as Holdings]
  console.log(
    `\n${asCount(requests)} requests, ${failures.length} failed; ${clients.length + silent.length} connections\n`
  )
  console.log(`${tabulate(first, last)}\n`)
  return [...problems, ...compare(first, last)]
}

/** Reloads under the load of so many clients without pause, while many other connections are silent. */
async function soakCrowded(what: string, busy: number, silent: number, pause: number): Promise<string[]> {
  const server = await SoakServer.start(3_000)
  const target = { host: '127.0.0.1', port: server.port }
  const idle: HttpConnection[] = []
  while (idle.length < silent) idle.push(...(await openIdle(target, Math.min(100, silent - idle.length))))
  const clients = await PersistentClient.openMany(target, busy)
  const load = new Load(clients, { pause, most: Number.POSITIVE_INFINITY })
  for (let reload = 1; reload <= crowdedReloads; reload++) {
    const begun = performance.now()
    const { migrated, timings } = await server.reload()
    const gone = asMilliseconds(performance.now() - begun)
    await load.reached(reload + 1)
    const numbers = `${asCount(migrated)} connections had moved after ${asMilliseconds(timings.probation)}`
    console.log(`${what}, reload ${reload} of ${crowdedReloads}: ${numbers}, all ${gone} after the request`)
  }
  const { requests, failures, connectionsClosed } = await load.stop()
  const problems = [...failures, ...(await judge(idle, crowdedReloads + 1))]
  if (connectionsClosed > 0) problems.push(`${connectionsClosed} busy connections were closed`)
  await server.stop()
  const longest = asMilliseconds(Math.max(...clients.map(({ longestWait }) => longestWait)))
  console.log(`${asCount(requests)} requests, ${failures.length} failed, longest wait ${longest}\n`)
  return problems
}

/** The app and its generations. */
class SoakServer {
  readonly #program: Program
  #pid: number
  readonly port: number

  private constructor(program: Program, port: number) {
    this.#program = program
    this.#pid = program.pid
    this.port = port
  }

  /** @param probation - milliseconds */
  static async start(probation: number): Promise<SoakServer> {
    const program = new Program([join(__dirname, 'soak-app.js')], { SOAK_PROBATION: String(probation) })
    const { port } = await program.said('listening')
    return new SoakServer(program, port as number)
  }

  /** Reloads, and waits until the parent has ended. */
  async reload(): Promise<ReloadResult> {
    const parentGone = this.#program.said('exit')
    const result = (await askOnce(this.port, '/reload', 'POST')) as ReloadResult
    this.#pid = result.pid
    await parentGone
    return result
  }

  stop(): Promise<void> {
    return this.#program.stop(this.#pid)
  }
}

/** Requests begin and end while a process counts what it holds. So the smallest of several counts is what it keeps. */
async function holdingsOf({ port }: SoakServer): Promise<Holdings> {
  const answers: Holdings[] = []
  while (answers.length < 20) answers.push((await askOnce(port, '/process')) as Holdings)
  return answers.reduce((least, next) => (next.fds.length < least.fds.length ? next : least))
}

/** Each connection that was silent all the time must be open, and is used and closed. */
async function judge(silent: HttpConnection[], generation: number): Promise<string[]> {
  const problems: string[] = []
  for (const connection of silent) {
    const body = await connection.request({ path: '/' }).then(
      (response) => response.body,
      (error: Error) => error.message
    )
    if (body !== JSON.stringify({ generation })) problems.push(`an idle connection got: ${body}`)
    connection.close()
  }
  return problems.slice(0, 20)
}

function tabulate(first: Holdings, last: Holdings): string {
  const row = (name: string, of: (holdings: Holdings) => string) => [name, of(first), of(last)]
  return formatCells([
    row('', ({ generation }) => `generation ${generation}`),
    row('open fds', ({ fds }) => String(fds.length)),
    row('RSS', ({ rss }) => asMebibytes(rss)),
    row('heap', ({ heapUsed }) => asMebibytes(heapUsed)),
    row('outside the heap', ({ external }) => asMebibytes(external)),
    row('environment', ({ environment }) => `${environment} characters`)
  ])
}

function compare(first: Holdings, last: Holdings): string[] {
  const problems: string[] = []
  if (last.fds.length > first.fds.length) problems.push(`open fds grew: ${first.fds.sort()} to ${last.fds.sort()}`)
  if (last.environment !== first.environment) problems.push('the environment has changed')
  for (const name of ['rss', 'heapUsed', 'external'] as const)
    if (last[name] > first[name] * TOLERANCE) problems.push(`${name} grew from ${first[name]} to ${last[name]}`)
  return problems
}

function fromEnvironment(name: string, fallback: number): number {
  const value = Number(process.env[name] ?? fallback)
  if (Number.isInteger(value) && value > 0) return value
  throw new RangeError(`${name} must be a whole number above 0, received ${process.env[name]}`)
}

setTimeout(() => {
  console.log(`FAILED: not done within ${limit} s`)
  process.exit(1)
}, limit * 1000).unref()

main().catch((error) => {
  console.error(error)
  process.exit(1)
})
