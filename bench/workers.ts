import autocannon from 'autocannon'
import { benchEvenness, startCluster } from './evenness.js'
import { residentMemoryOf } from './memory.js'
import { BenchServer, coldBoot } from './server.js'
import { median, ratios } from './statistics.js'
import { asCount, asMebibytes, asMilliseconds, asRatio, formatTable } from './table.js'

/** The tables of this part. */
export interface WorkersTables {
  launcher: string
  cores: string
  /** What one request costs the processor in the table of cores, in milliseconds. */
  cost: number
  evenness: string
  rounds: number
}

/** A service under load, by what it is measured for. */
interface Contender {
  name: string
  path: string
  start(): Promise<BenchServer>
}

/** How many clients ask at once. */
export const CONNECTIONS = 64

/** Requests that cost next to nothing show what the launcher costs. */
const SINGLE: Contender[] = [
  { name: 'plugin', path: '/', start: () => BenchServer.start('plugin') },
  { name: 'launcher', path: '/', start: () => BenchServer.start('plugin', { workers: 1 }) },
  { name: 'plugin again', path: '/', start: () => BenchServer.start('plugin') }
]

/**
 * The clients need a core too. Two workers make a difference only if a request costs the server more than the
 * client.
 */
const SEVERAL: Contender[] = [
  { name: 'one worker', path: '/work', start: () => BenchServer.start('plugin', { workers: 1 }) },
  { name: 'two workers', path: '/work', start: () => BenchServer.start('plugin', { workers: 2 }) },
  { name: 'node:cluster', path: '/work', start: () => startCluster(2, 'rr') }
]

/**
 * Measures what the launcher costs, what several workers bring, and how clients spread over them, in `rounds` rounds.
 */
export async function benchWorkers(rounds: number, turns: number): Promise<WorkersTables> {
  const single = await benchContenders('launcher', SINGLE, rounds, turns)
  const reload = await benchReload(rounds)
  const several = await benchContenders('two workers', SEVERAL, rounds, turns)
  return {
    launcher: tabulateLauncher(single, reload),
    cores: tabulateCores(several),
    cost: 1000 / median((several[0] ?? []).map(({ requestsPerSecond }) => requestsPerSecond)),
    evenness: await benchEvenness(rounds),
    rounds
  }
}

/** What one contender did in one round. */
interface Measurement {
  requestsPerSecond: number
  /** Resident memory of the process that was started, in bytes. */
  memory: number
}

async function benchContenders(what: string, contenders: Contender[], rounds: number, turns: number) {
  const results = contenders.map((): Measurement[] => [])
  for (let round = 0; round < rounds; round += 1) {
    const measured = await runRound(contenders, turns, round)
    for (const [at, measurement] of measured.entries()) results[at]?.push(measurement)
    const rates = contenders.map(({ name }, at) => `${name} ${asCount(measured[at]?.requestsPerSecond ?? 0)}/s`)
    console.log(`${what}, round ${round + 1} of ${rounds}: ${rates.join(', ')}`)
  }
  return results
}

async function runRound(contenders: Contender[], turns: number, first: number): Promise<Measurement[]> {
  const servers = await Promise.all(contenders.map(({ start }) => start()))
  try {
    const rates = servers.map((): number[] => [])
    for (let turn = 0; turn < (turns + 1) * servers.length; turn += 1) {
      const at = (first + turn) % servers.length
      const rate = await loadForOneSecond(servers[at] as BenchServer, contenders[at]?.path ?? '')
      // The first turn is for the compiler.
      if (turn >= servers.length) rates[at]?.push(rate)
    }
    return rates.map((list, at) => ({
      requestsPerSecond: median(list),
      memory: residentMemoryOf(servers[at]?.program.pid ?? 0)
    }))
  } finally {
    await Promise.all(servers.map((server) => server.stop()))
  }
}

async function loadForOneSecond({ url }: BenchServer, path: string): Promise<number> {
  const { requests, errors, non2xx } = await autocannon({ url: url + path, connections: CONNECTIONS, duration: 1 })
  if (errors + non2xx > 0) throw new Error(`${errors} errors and ${non2xx} bad responses: this was no measurement`)
  return requests.average
}

/** Cold boot and reload without probation, in milliseconds: first without, then with the launcher. */
type ReloadRound = Array<{ boot: number; reload: number }>

async function benchReload(rounds: number): Promise<ReloadRound[]> {
  const ways = [{ probation: 0 }, { probation: 0, workers: 1 }]
  const servers = await Promise.all(ways.map((settings) => BenchServer.start('plugin', settings)))
  try {
    const results: ReloadRound[] = []
    for (let round = 0; round <= rounds; round += 1) {
      const result: ReloadRound = []
      for (const [at, server] of servers.entries()) {
        const boot = await coldBoot('plugin', ways[at])
        result.push({ boot, reload: (await server.reload()).duration })
      }
      // The first one fills the disk cache.
      if (round > 0) results.push(result)
    }
    return results
  } finally {
    for (const server of servers) await server.stop()
  }
}

function tabulateLauncher(results: Measurement[][], reloads: ReloadRound[]): string {
  const [plugin = [], launcher = [], again = []] = results.map((list) => list.map((one) => one.requestsPerSecond))
  const all = (at: 0 | 1, name: 'boot' | 'reload') => reloads.map((round) => round[at]?.[name] ?? Number.NaN)
  return formatTable([
    { name: 'requests/s: with / without launcher', values: ratios(launcher, plugin), format: asRatio },
    { name: 'requests/s: without / without (noise)', values: ratios(again, plugin), format: asRatio },
    { name: 'reload / cold boot, with', values: ratios(all(1, 'reload'), all(1, 'boot')), format: asRatio },
    { name: 'reload / cold boot, without', values: ratios(all(0, 'reload'), all(0, 'boot')), format: asRatio },
    { name: 'cold boot, with', values: all(1, 'boot'), format: asMilliseconds },
    { name: 'cold boot, without', values: all(0, 'boot'), format: asMilliseconds },
    { name: 'reload, with', values: all(1, 'reload'), format: asMilliseconds },
    { name: 'reload, without', values: all(0, 'reload'), format: asMilliseconds },
    { name: 'memory of the launcher', values: (results[1] ?? []).map(({ memory }) => memory), format: asMebibytes }
  ])
}

function tabulateCores(results: Measurement[][]): string {
  const [one = [], two = [], cluster = []] = results.map((list) => list.map((each) => each.requestsPerSecond))
  return formatTable([
    { name: 'requests/s: two workers / one', values: ratios(two, one), format: asRatio },
    { name: 'requests/s: two of node:cluster / one', values: ratios(cluster, one), format: asRatio },
    { name: 'requests/s, one worker', values: one, format: asCount }
  ])
}
