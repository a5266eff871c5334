/** How long and how large the benchmarks are, from the environment. */
export interface Settings {
  /** Of throughput, reload time and what clients feel; the comparison takes half as many, the migration a quarter. */
  rounds: number
  /** Seconds of load on each server in a round of the throughput benchmark. */
  turns: number
  /** Idle connections in the comparison, beside clients that feel a reload, and of those that come back. */
  idle: number
  /** Connections in the migration benchmark. */
  connections: number
  /** Of the random moments at which a child is taken back. */
  seed: number
  /** Which parts to run; all of them if undefined. */
  parts: readonly Part[] | undefined
  /** The folder for the report and the picture; a run of some parts writes none unless it is given. */
  output: string | undefined
  /** The command line that sets all that is not the default. */
  command: string
}

const LARGEST_SEED = 2 ** 31 - 1

/** What `BENCH_PARTS` can name, separated by commas. */
const PARTS = [
  'comparison',
  'feel',
  'migration',
  'return',
  'throughput',
  'reload',
  'spawn',
  'workers',
  'watch'
] as const

/** A part of the benchmarks. */
export type Part = (typeof PARTS)[number]

/**
 * Reads the settings.
 *
 * @throws {RangeError} when a variable is not a whole number above 0, or a part is unknown
 */
export function readSettings(env: NodeJS.ProcessEnv): Settings {
  const number = (name: string, fallback: number) => {
    const value = Number(env[name] ?? fallback)
    if (Number.isInteger(value) && value > 0) return value
    throw new RangeError(`${name} must be a whole number above 0, received ${env[name]}`)
  }
  const numbers = {
    rounds: number('BENCH_ROUNDS', 8),
    turns: number('BENCH_TURNS', 4),
    idle: number('BENCH_IDLE', 1000),
    connections: number('BENCH_CONNECTIONS', 10_000),
    seed: number('BENCH_SEED', 1 + Math.floor(Math.random() * LARGEST_SEED))
  }
  const parts = env.BENCH_PARTS?.split(',') as Part[] | undefined
  const unknown = parts?.find((part) => !(PARTS as readonly string[]).includes(part))
  if (unknown !== undefined) throw new RangeError(`BENCH_PARTS may have ${PARTS}, received ${unknown}`)
  const given = ['BENCH_ROUNDS', 'BENCH_TURNS', 'BENCH_IDLE', 'BENCH_CONNECTIONS', 'BENCH_SEED', 'BENCH_PARTS'].filter(
    (name) => name in env
  )
  const command = [...given.map((name) => `${name}=${env[name]}`), 'npm run bench'].join(' ')
  return { ...numbers, parts, output: env.BENCH_OUTPUT ?? (parts === undefined ? 'docs' : undefined), command }
}
