import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { HttpConnection, type Target } from '../test/support/connection.js'
import { freePort } from '../test/support/free-port.js'
import { BenchServer } from './server.js'
import { asFactor, asMilliseconds, type ComparisonRow, formatComparison } from './table.js'

/** How many workers each party has. */
export const WORKERS = 4

/** How often each process has answered, or was given a connection. */
type Counts = Map<number, number>

/** One way to spread connections over processes. */
interface Party {
  name: string
  start(): Promise<BenchServer>
}

/** One way in which clients come. */
interface Pattern {
  name: string
  run(target: Target): Promise<Counts>
}

/** What one pattern came to. */
interface Outcome {
  /** The largest share of a worker over the smallest one. A share of zero counts as one. */
  ratio: number
  duration: number
}

const parties: Party[] = [
  { name: 'launcher', start: () => BenchServer.start('plugin', { workers: WORKERS }) },
  { name: 'node:cluster, round robin', start: () => startCluster(WORKERS, 'rr') },
  { name: 'node:cluster, left to the system', start: () => startCluster(WORKERS, 'none') }
]

const patterns: Pattern[] = [
  { name: '3000 connections of one request, 32 at a time', run: manyShort },
  { name: '64 keep-alive connections at once', run: (target) => atOnce(target, 64) },
  { name: '200 keep-alive connections at once', run: (target) => atOnce(target, 200) },
  { name: '200 keep-alive connections, one after the other', run: oneByOne },
  { name: 'requests, a third of them slow', run: mixed }
]

/** Between two patterns, until the processes have noticed that the connections are closed. Milliseconds. */
const QUIET = 300

/** Measures, `rounds` times in turn, how the connections of clients spread over several workers. Returns a table. */
export async function benchEvenness(rounds: number): Promise<string> {
  const outcomes = parties.map(() => patterns.map((): Outcome[] => []))
  for (let round = 0; round < rounds; round += 1) {
    for (let turn = 0; turn < parties.length; turn += 1) {
      const at = (round + turn) % parties.length
      const measured = await measure(parties[at] as Party)
      for (const [index, outcome] of measured.entries()) outcomes[at]?.[index]?.push(outcome)
      const ratios = measured.map(({ ratio }) => asFactor(ratio)).join(', ')
      console.log(
        `evenness, round ${round + 1} of ${rounds}: ${parties[at]?.name}: largest over smallest share: ${ratios}`
      )
    }
  }
  return tabulate(outcomes)
}

/** Starts workers of `node:cluster` and waits until all of them listen. */
export async function startCluster(workers: number, policy: 'rr' | 'none'): Promise<BenchServer> {
  const env = {
    BENCH_PORT: String(await freePort()),
    BENCH_WORKERS: String(workers),
    NODE_CLUSTER_SCHED_POLICY: policy
  }
  // The workers end on SIGTERM; the primary waits for them.
  return BenchServer.launch([join(__dirname, 'cluster-primary.js')], { ...env, BENCH_VARIANT: 'plain' }, workers)
}

async function measure(party: Party): Promise<Outcome[]> {
  const server = await party.start()
  const target = { host: '127.0.0.1', port: server.port }
  try {
    const outcomes: Outcome[] = []
    for (const pattern of patterns) {
      await delay(QUIET)
      const begun = performance.now()
      const counts = await pattern.run(target)
      outcomes.push({ ratio: ratioOf(counts), duration: performance.now() - begun })
    }
    return outcomes
  } finally {
    await server.stop()
  }
}

function ratioOf(counts: Counts): number {
  const shares = [...counts.values()]
  const smallest = shares.length < WORKERS ? 0 : Math.min(...shares)
  return Math.max(...shares) / Math.max(1, smallest)
}

async function manyShort(target: Target): Promise<Counts> {
  const counts: Counts = new Map()
  let left = 3000
  const ask = async () => {
    while (left-- > 0) {
      const connection = await HttpConnection.open(target)
      await count(counts, connection)
      connection.close()
    }
  }
  await Promise.all(Array.from({ length: 32 }, ask))
  return counts
}

async function atOnce(target: Target, many: number): Promise<Counts> {
  const counts: Counts = new Map()
  const connections = await Promise.all(Array.from({ length: many }, () => HttpConnection.open(target)))
  await Promise.all(connections.map((connection) => count(counts, connection)))
  for (const connection of connections) connection.close()
  return counts
}

async function oneByOne(target: Target): Promise<Counts> {
  const counts: Counts = new Map()
  const connections: HttpConnection[] = []
  for (let many = 0; many < 200; many += 1) {
    const connection = await HttpConnection.open(target)
    await count(counts, connection)
    connections.push(connection)
  }
  for (const connection of connections) connection.close()
  return counts
}

/** Clients that stay for nine requests each. */
async function mixed(target: Target): Promise<Counts> {
  const counts: Counts = new Map()
  let left = 3600
  const ask = async (_: unknown, client: number) => {
    while (left > 0) {
      const connection = await HttpConnection.open(target)
      for (let turn = 0; turn < 9; turn += 1) {
        left -= 1
        await count(counts, connection, (turn + client) % 3 === 0 ? '/work' : '/pid')
      }
      connection.close()
    }
  }
  await Promise.all(Array.from({ length: 24 }, ask))
  return counts
}

async function count(counts: Counts, connection: HttpConnection, path = '/pid'): Promise<void> {
  const { pid } = JSON.parse((await connection.request({ path })).body) as { pid: number }
  counts.set(pid, (counts.get(pid) ?? 0) + 1)
}

function tabulate(outcomes: readonly Outcome[][][]): string {
  const row = (at: number, what: string, pick: (outcome: Outcome) => number, format: (value: number) => string) => {
    const values = outcomes.map((party) => (party[at] ?? []).map(pick))
    return { name: `${patterns[at]?.name}: ${what}`, values, format }
  }
  const rows = patterns.flatMap((_, at): ComparisonRow[] => [
    row(at, 'largest / smallest share', ({ ratio }) => ratio, asFactor),
    row(at, 'time', ({ duration }) => duration, asMilliseconds)
  ])
  return formatComparison(
    parties.map(({ name }) => name),
    rows
  )
}
