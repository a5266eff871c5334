import { execFile } from 'node:child_process'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { median } from './statistics.js'
import { asMebibytes, asMilliseconds, type ComparisonRow, formatComparison } from './table.js'

/** What a process has in its heap. Mebibytes. */
const HEAPS = [1, 128, 512]

/** What one process of a size measured. */
interface Spawning {
  /** How long a start took it, in the middle. Milliseconds. */
  time: number
  /** Its resident memory, in bytes. */
  memory: number
}

/** For each size, what each round measured. */
export type Spawnings = Spawning[][]

/** Measures, `rounds` times, for how long a process stands still when it starts another one, by its memory. */
export async function benchSpawn(rounds: number): Promise<Spawnings> {
  const all: Spawnings = HEAPS.map(() => [])
  for (let round = 0; round < rounds; round += 1) {
    for (const [at, heap] of HEAPS.entries()) all[at]?.push(await spawnFrom(heap))
    const times = all.map((list) => asMilliseconds(list.at(-1)?.time ?? 0)).join(', ')
    console.log(`start of a process, round ${round + 1} of ${rounds}: ${times}`)
  }
  return all
}

/** A column for each size. */
export function tabulateSpawn(spawnings: Spawnings): string {
  const row = (name: string, pick: (one: Spawning) => number, format: (value: number) => string): ComparisonRow => {
    return { name, values: spawnings.map((list) => list.map(pick)), format }
  }
  return formatComparison(
    HEAPS.map((heap) => `${heap} MiB of heap`),
    [row('stands still for', ({ time }) => time, asMilliseconds), row('memory', ({ memory }) => memory, asMebibytes)]
  )
}

async function spawnFrom(heap: number): Promise<Spawning> {
  const env = { ...process.env, BENCH_HEAP: String(heap) }
  const { stdout } = await promisify(execFile)(process.execPath, [join(__dirname, 'apps', 'spawn.js')], { env })
  const { times, memory } = JSON.parse(stdout) as { times: number[]; memory: number }
  return { time: median(times), memory }
}
