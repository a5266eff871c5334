import autocannon from 'autocannon'
import type { Variant } from './apps/programs.js'
import { BenchServer } from './server.js'
import { median, ratios } from './statistics.js'
import { asCount, asMebibytes, asRatio, formatTable } from './table.js'

/** What one server did in one round. */
export interface Measurement {
  requestsPerSecond: number
  residentMemory: number
}

/** The servers that are measured in turn; the second plain one shows how much of a difference is noise. */
const CONTENDERS: Array<{ name: string; variant: Variant }> = [
  { name: 'plain', variant: 'plain' },
  { name: 'plugin', variant: 'plugin' },
  { name: 'plain again', variant: 'plain' }
]

/** How many clients ask at once. */
export const CONNECTIONS = 50

/**
 * Measures requests per second and resident memory with and without the plugin. In each of the `rounds`, fresh
 * processes are measured in turn, one second each, `turns` times; who begins rotates. Returns a list for each of the
 * contenders.
 */
export async function benchThroughput(rounds: number, turns: number): Promise<Measurement[][]> {
  const results = CONTENDERS.map((): Measurement[] => [])
  for (let round = 0; round < rounds; round += 1) {
    const measurements = await runRound(turns, round)
    measurements.forEach((measurement, at) => {
      results[at]?.push(measurement)
    })
    console.log(`throughput, round ${round + 1} of ${rounds}: ${describe(measurements)}`)
  }
  return results
}

async function runRound(turns: number, first: number): Promise<Measurement[]> {
  const servers = await Promise.all(CONTENDERS.map(({ variant }) => BenchServer.start(variant)))
  try {
    const rates = servers.map((): number[] => [])
    for (const server of servers) await loadForOneSecond(server) // Warm-up: the compiler has seen the code.
    for (let turn = 0; turn < turns * servers.length; turn += 1) {
      const at = (first + turn) % servers.length
      rates[at]?.push(await loadForOneSecond(servers[at] as BenchServer))
    }
    const memory = await Promise.all(servers.map((server) => server.residentMemory()))
    return rates.map((list, at) => ({ requestsPerSecond: median(list), residentMemory: memory[at] as number }))
  } finally {
    await Promise.all(servers.map((server) => server.stop()))
  }
}

async function loadForOneSecond(server: BenchServer): Promise<number> {
  const { requests, errors, non2xx } = await autocannon({ url: server.url, connections: CONNECTIONS, duration: 1 })
  if (errors + non2xx > 0) throw new Error(`${errors} errors and ${non2xx} bad responses: this was no measurement`)
  return requests.average
}

function describe(measurements: Measurement[]): string {
  return CONTENDERS.map(({ name }, at) => `${name} ${asCount(measurements[at]?.requestsPerSecond ?? 0)}/s`).join(', ')
}

/** What the plugin costs while nothing is reloaded. */
export function tabulateThroughput([plain = [], plugin = [], again = []]: Measurement[][]): string {
  return formatTable([
    { name: 'requests/s: plugin / plain', values: speedOverPlain([plain, plugin]), format: asRatio },
    { name: 'requests/s: plain / plain (noise)', values: ratios(speed(again), speed(plain)), format: asRatio },
    { name: 'memory: plugin / plain', values: memoryOverPlain([plain, plugin]), format: asRatio },
    { name: 'memory: plain / plain (noise)', values: ratios(memory(again), memory(plain)), format: asRatio },
    { name: 'requests/s, plain', values: speed(plain), format: asCount },
    { name: 'requests/s, plugin', values: speed(plugin), format: asCount },
    { name: 'memory, plain', values: memory(plain), format: asMebibytes },
    { name: 'memory, plugin', values: memory(plugin), format: asMebibytes }
  ])
}

/** By which factor the server with the plugin answers more requests than the one without, in each round. */
export function speedOverPlain([plain = [], plugin = []]: Measurement[][]): number[] {
  return ratios(speed(plugin), speed(plain))
}

/** By which factor it needs more memory. */
export function memoryOverPlain([plain = [], plugin = []]: Measurement[][]): number[] {
  return ratios(memory(plugin), memory(plain))
}

function speed(list: Measurement[]): number[] {
  return list.map(({ requestsPerSecond }) => requestsPerSecond)
}

function memory(list: Measurement[]): number[] {
  return list.map(({ residentMemory }) => residentMemory)
}
