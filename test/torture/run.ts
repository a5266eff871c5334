import { readFileSync } from 'node:fs'
import { replay } from '../simulation/replay.js'
import { describeEvents, keep } from './record.js'
import { playRound } from './round.js'
import { WAYS, type Way } from './schedule.js'

/**
 * `npm run torture`: rounds of faults on real processes, `ROUNDS` of them from `SEED` on. `WAY` is `plain`, `launcher`
 * or `workers`; by default the seed says which. `TRACE=1` keeps the traces of all rounds, not only of those that fail.
 * `npm run torture -- replay <file>`: whether a trace is what the machine does.
 */

const say = (text: string) => process.stdout.write(`${text}\n`)

async function main(): Promise<void> {
  const at = process.argv.indexOf('replay')
  if (at > 0) return replayFile(process.argv[at + 1] ?? '')
  const first = numberOf('SEED', Date.now() % 1_000_000)
  const rounds = numberOf('ROUNDS', 12)
  let failed = 0
  say(`SEED=${first} ROUNDS=${rounds}`)
  for (let seed = first; seed < first + rounds; seed++) if (!(await play(seed, wayOf(seed)))) failed += 1
  // As tap says it, for .ci/run to add up.
  say(`# { total: ${rounds}, pass: ${rounds - failed}, fail: ${failed} }`)
  // Everything that is left open belongs to a round that has failed.
  process.exit(failed === 0 ? 0 : 1)
}

async function play(seed: number, way: Way): Promise<boolean> {
  const begun = performance.now()
  const verdict = await playRound(seed, way)
  const { problems, summary, log, lines } = verdict
  const isGood = problems.length === 0
  const seconds = ((performance.now() - begun) / 1000).toFixed(1)
  say(`${isGood ? 'ok' : 'not ok'} - SEED=${seed} ROUNDS=1 WAY=${way}: ${summary}, ${seconds} s`)
  if (isGood && process.env.TRACE === undefined) return true
  say([...log, ...problems.map((problem) => `FAILED: ${problem}`)].join('\n'))
  if (!isGood) say(describeEvents(lines).join('\n'))
  say(`the traces, and all that was printed, are in ${keep(seed, verdict)}`)
  return isGood
}

function replayFile(path: string): void {
  const difference = replay(readFileSync(path, 'utf8'))
  say(difference ?? 'the machine does the same')
  process.exitCode = difference === undefined ? 0 : 1
}

function wayOf(seed: number): Way {
  const way = (process.env.WAY ?? WAYS[seed % WAYS.length]) as Way
  if (WAYS.includes(way)) return way
  throw new RangeError(`WAY must be one of ${WAYS.join(', ')}, received ${way}`)
}

function numberOf(name: string, fallback: number): number {
  const value = Number(process.env[name] ?? fallback)
  if (Number.isInteger(value) && value > 0) return value
  throw new RangeError(`${name} must be a whole number above 0, received ${process.env[name]}`)
}

for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.once(signal, () => process.exit(1))
main().catch((error) => {
  say(String(error?.stack))
  process.exit(1)
})
