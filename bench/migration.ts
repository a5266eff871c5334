import { execFileSync } from 'node:child_process'
import { setTimeout as delay } from 'node:timers/promises'
import type { IdleOutcome } from './idle.js'
import { IdleCrowd, processesFor } from './idle-process.js'
import { type Pair, residentMemoryOf, watchMemory } from './memory.js'
import { BenchServer, DEFAULT_PROBATION } from './server.js'
import { asCount, asMilliseconds } from './table.js'

/** One reload with many idle connections. Times in milliseconds. */
export interface Move {
  /** Of the plugin. */
  probation: number
  moved: number
  closed: number
  failed: number
  /** From the child accepting until it has all connections. */
  duration: number
  /** How long each request waited on the idle connections meanwhile. */
  waits: number[]
  /** The same before the reload. */
  waitsBefore: number[]
  /** Resident memory of the parent before the reload, in bytes. */
  memoryBefore: number
  /** Resident memory of both processes when they had most, in bytes. */
  memory: Pair
}

/** All moves at once, without probation, and all over the default one. */
export interface Migration {
  connections: number
  atOnce: Move[]
  overProbation: Move[]
}

/** How often one of the connections is asked. Milliseconds. */
export const ASK_EVERY = 2
/** For how long they are asked before the reload. Milliseconds. */
const BEFORE = 2000
/** How often the child is asked how many connections it has. Milliseconds. */
const LOOK_EVERY = 20
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
 * Moves `connections` idle connections, `rounds` times at once (no probation) and over the default probation, while one
 * of them is asked each few milliseconds.
 */
export async function benchMigration(rounds: number, connections: number): Promise<Migration> {
  const migration: Migration = { connections, atOnce: [], overProbation: [] }
  for (let round = 0; round < rounds; round += 1) {
    for (const [how, probation] of [['atOnce', 0] as const, ['overProbation', DEFAULT_PROBATION] as const]) {
      const move = await measure(connections, probation)
      migration[how].push(move)
      console.log(`migration, round ${round + 1} of ${rounds}: ${describe(move)}`)
    }
  }
  return migration
}

async function measure(count: number, probation: number): Promise<Move> {
  // Several addresses are needed only where the ports of one do not suffice; not every system has more than one.
  const host = processesFor(count) > 1 ? '0.0.0.0' : '127.0.0.1'
  const server = await BenchServer.start('plugin', { host, probation })
  const idle = new IdleCrowd(server.port, count, ASK_EVERY)
  try {
    await idle.open()
    const before = await idle.askWhile(() => delay(BEFORE))
    const memoryBefore = residentMemoryOf((await server.connections()).pid)
    const { waits, failed, returned } = await idle.askWhile(() => move(server, count))
    const outcome = await idle.check()
    return {
      ...returned,
      ...countLosses(count, outcome, failed + before.failed),
      probation,
      waits,
      waitsBefore: before.waits,
      memoryBefore
    }
  } finally {
    idle.close()
    await server.stop()
  }
}

function countLosses(count: number, { closed, failed }: IdleOutcome, failedBefore: number) {
  return { moved: count - closed, closed, failed: failed + failedBefore }
}

/** Reloads; returns for how long the connections moved, and how much memory that took. */
async function move(server: BenchServer, count: number): Promise<Pick<Move, 'duration' | 'memory'>> {
  const { pid: parent } = await server.connections()
  const reloaded = server.reload()
  const { time, pid: child } = await server.program.said('taken over')
  const peak = watchMemory(parent, child)
  try {
    await untilMoved(server, child, count, time + LIMIT)
    const duration = performance.now() - time
    await reloaded
    return { duration, memory: peak() }
  } finally {
    peak()
  }
}

async function untilMoved(server: BenchServer, child: number, count: number, limit: number): Promise<void> {
  const haveMoved = async () => {
    const { connections, pid } = await server.connections()
    return pid === child && connections >= count
  }
  while (!(await haveMoved())) {
    if (performance.now() > limit) throw new Error(`${count} connections had not moved within ${LIMIT} ms`)
    await delay(LOOK_EVERY)
  }
}

function describe({ probation, moved, closed, failed, duration, waits }: Move): string {
  const worst = asMilliseconds(Math.max(...waits))
  const lost = `${closed} closed, ${failed} requests failed`
  return `probation ${probation} ms: ${asCount(moved)} moved in ${asMilliseconds(duration)}, ${lost}, worst wait ${worst}`
}
