import { setTimeout as delay } from 'node:timers/promises'
import { Random } from '../test/simulation/random.js'
import { askOnce } from './ask-once.js'
import { now } from './clock.js'
import type { CrowdMakeUp } from './crowd.js'
import { CrowdProcess } from './crowd-process.js'
import { IdleConnections, type IdleOutcome } from './idle.js'
import { type Observation, observe } from './observation.js'
import { BenchServer, DEFAULT_PROBATION } from './server.js'
import { QUIET } from './watch.js'

/** One reload after which the parent came back. Times in milliseconds. */
export interface Return {
  /** How long the child had served when it happened. */
  moment: number
  /** How many connections it had at that time. */
  moved: number
  /** From then until the parent serves again. */
  duration: number
  idle: IdleOutcome
  seen: Observation
}

/** One way in which a reload is undone within the probation. */
export interface Undoing {
  name: string
  returns: Return[]
}

/** All reloads that were undone. */
export interface ComingBack {
  seed: number
  undoings: Undoing[]
}

/** How a child is taken back. */
interface Way {
  name: string
  undo(server: BenchServer, child: number): Promise<unknown>
}

/** How often each way is tried. */
export const TIMES = 10
/** The clients meanwhile. */
export const ASKING: CrowdMakeUp = { keepAlive: 16, pause: 10 }
/** For how long the clients are watched after the parent serves again. Milliseconds. */
const AFTER = 500

const WAYS: Way[] = [
  { name: 'killed by SIGKILL', undo: async (_server, child) => process.kill(child, 'SIGKILL') },
  { name: 'taken back alive', undo: ({ port }) => askOnce(port, '/rollback', 'POST') }
]

/** Undoes reloads at random moments of the probation, with `idle` idle connections beside clients that ask. */
export async function benchComingBack(seed: number, idle: number): Promise<ComingBack> {
  console.log(`coming back: seed ${seed}`)
  const random = new Random(seed)
  const undoings: Undoing[] = []
  for (const way of WAYS) {
    const moments = Array.from({ length: TIMES }, () => random.below(DEFAULT_PROBATION))
    undoings.push({ name: way.name, returns: await undoAt(moments, way, idle) })
  }
  return { seed, undoings }
}

/** One server reloads again and again, and always comes back. */
async function undoAt(moments: readonly number[], way: Way, idleCount: number): Promise<Return[]> {
  const server = await BenchServer.start('plugin')
  const idle = new IdleConnections({ host: '127.0.0.1', port: server.port }, idleCount)
  const returns: Return[] = []
  try {
    for (const moment of moments) {
      await idle.open()
      const undone = await undoOne(server, way, moment)
      returns.push({ ...undone, idle: await idle.check() })
      console.log(`coming back, ${way.name}: ${describe(returns.at(-1) as Return)}`)
    }
    return returns
  } finally {
    idle.close()
    await server.stop()
  }
}

async function undoOne(server: BenchServer, way: Way, moment: number): Promise<Omit<Return, 'idle'>> {
  const crowd = new CrowdProcess(server.port, ASKING)
  try {
    await delay(QUIET)
    const takenOver = server.program.said('taken over')
    const refused = expectRefusal(askOnce(server.port, '/reload', 'POST'))
    const { pid: child } = await takenOver
    const from = now()
    await delay(moment)
    const { connections: moved } = await server.connections()
    const back = server.program.said('rolled back')
    const begun = performance.now()
    await way.undo(server, child)
    const duration = (await back).time - begun
    await refused
    await delay(AFTER)
    const window = { from, to: now() }
    const { samples, closings } = await crowd.stop()
    return { moment, moved, duration, seen: observe(samples, closings, window) }
  } finally {
    crowd.kill()
  }
}

/** A reload that is undone is answered with an error; if it succeeded, the moment came too late to measure anything. */
async function expectRefusal(reload: Promise<unknown>): Promise<void> {
  const succeeded = await reload.then(
    () => true,
    () => false
  )
  if (succeeded) throw new Error('the reload succeeded before it could be undone')
}

function describe({ moment, moved, idle, seen }: Return): string {
  const lost = `${idle.closed} idle connections closed, ${idle.failed + seen.keepAliveFailed} requests failed`
  return `after ${moment} ms, ${moved} connections had moved: ${lost}`
}
