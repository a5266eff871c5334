import { execFileSync } from 'node:child_process'
import { setTimeout as delay } from 'node:timers/promises'
import { ask } from './crowd.js'
import { IdleConnections } from './idle.js'
import { BenchServer } from './server.js'
import { quantile } from './statistics.js'
import { asCount, asMilliseconds, formatTable, type Row } from './table.js'

/** One reload with many idle connections. Times in milliseconds. */
interface Move {
  moved: number
  closed: number
  failed: number
  /** From the child accepting until it has all connections. */
  duration: number
  waits: number[]
}

/** How often one of the connections is asked. Milliseconds. */
const ASK_EVERY = 2
/** How often the child is asked how many connections it has. Milliseconds. */
const LOOK_EVERY = 10
/** For how long a move may take. Milliseconds. */
const LIMIT = 60_000
/** Descriptors that a process needs beside its connections. */
const SPARE = 500

/** How many connections this machine lets one process have, at most `wanted`. */
export function possibleConnections(wanted: number): number {
  // Node raises its own limit as far as it may, and what it starts inherits that.
  const limit = Number(execFileSync('sh', ['-c', 'ulimit -n'], { encoding: 'utf8' }))
  return Number.isNaN(limit) ? wanted : Math.min(wanted, limit - SPARE)
}

/**
 * Moves `count` idle connections, `rounds` times at once (no probation) and over the default probation, while one of them is
 * asked each few milliseconds. Returns a table.
 */
export async function benchMigration(rounds: number, count: number): Promise<string> {
  const atOnce: Move[] = []
  const inBatches: Move[] = []
  for (let round = 0; round < rounds; round += 1) {
    for (const [moves, probation] of [[atOnce, 0] as const, [inBatches, undefined] as const]) {
      const move = await measure(count, probation)
      moves.push(move)
      const how = probation === 0 ? 'at once' : 'over the probation'
      const worst = asMilliseconds(Math.max(...move.waits))
      console.log(`migration ${how}, round ${round + 1} of ${rounds}: ${asCount(rate(move))}/s, worst wait ${worst}`)
    }
  }
  return formatTable([
    ...rows('at once', atOnce),
    { name: 'at once: connections moved per second', values: atOnce.map(rate), format: asCount },
    ...rows('over the probation', inBatches)
  ])
}

async function measure(count: number, probation?: number): Promise<Move> {
  const server = await BenchServer.start('plugin', probation === undefined ? {} : { probation })
  const idle = new IdleConnections({ host: '127.0.0.1', port: server.port }, count)
  try {
    await idle.open()
    const { waits, failed, returned: duration } = await askWhile(idle, () => move(server, count))
    const { closed, failed: failedLater } = await idle.check()
    return { moved: count - closed, closed, failed: failed + failedLater, duration, waits }
  } finally {
    idle.close()
    await server.stop()
  }
}

/** Reloads; returns for how long the connections moved. */
async function move(server: BenchServer, count: number): Promise<number> {
  const reloaded = server.reload()
  const { time, pid: child } = await server.program.said('taken over')
  const limit = time + LIMIT
  const haveMoved = async () => {
    const { connections, pid } = await server.connections()
    return pid === child && connections >= count
  }
  while (!(await haveMoved())) {
    if (performance.now() > limit) throw new Error(`${count} connections had not moved within ${LIMIT} ms`)
    await delay(LOOK_EVERY)
  }
  const duration = performance.now() - time
  await reloaded
  return duration
}

interface Asked<T> {
  waits: number[]
  failed: number
  returned: T
}

async function askWhile<T>(idle: IdleConnections, act: () => Promise<T>): Promise<Asked<T>> {
  const asked = { waits: [] as number[], failed: 0 }
  const askInTurn = async (turn: number) => {
    const begun = performance.now()
    try {
      await ask(idle.take(turn))
      asked.waits.push(performance.now() - begun)
    } catch {
      asked.failed += 1
    }
  }
  let isOver = false
  const keepAsking = async () => {
    const open: Array<Promise<void>> = []
    for (let turn = 0; !isOver; turn += 1) {
      open.push(askInTurn(turn))
      await delay(ASK_EVERY)
    }
    await Promise.all(open)
  }
  const asking = keepAsking()
  const returned = await act().finally(() => {
    isOver = true
  })
  await asking
  return { ...asked, returned }
}

function rate({ moved, duration }: Move): number {
  return (moved / duration) * 1000
}

function rows(how: string, moves: readonly Move[]): Row[] {
  const worst = moves.map(({ waits }) => quantile(waits, 1))
  const percentile = moves.map(({ waits }) => quantile(waits, 0.99))
  return [
    { name: `${how}: connections moved`, values: moves.map(({ moved }) => moved), format: asCount },
    { name: `${how}: connections closed`, values: moves.map(({ closed }) => closed), format: asCount },
    { name: `${how}: requests failed`, values: moves.map(({ failed }) => failed), format: asCount },
    {
      name: `${how}: until the last one has moved`,
      values: moves.map((move) => move.duration),
      format: asMilliseconds
    },
    { name: `${how}: longest wait of a request`, values: worst, format: asMilliseconds },
    { name: `${how}: wait, 99th percentile`, values: percentile, format: asMilliseconds }
  ]
}
