import { setTimeout as pause } from 'node:timers/promises'
import t from 'tap'
import { HttpConnection } from '../../support/connection.js'
import { inodesOfPort, listeningInodes } from '../../support/fds.js'
import type { TestServer } from '../../support/server.js'
import { startServer } from '../../support/start.js'
import { untilTrue } from '../../support/tree.js'

/** How many signals come, and in which time (milliseconds). */
const SIGNALS = 20
const SCHEDULE = 2_500

/** The same seed sends the same signals at the same moments. For a longer run, give more of them in SEEDS. */
const SEEDS = (process.env.SEEDS ?? '1').split(',').map(Number)

type Blow = [signal: NodeJS.Signals, to: 'launcher' | 'server']

const KINDS: Record<string, Blow[]> = {
  reloads: [
    ['SIGHUP', 'launcher'],
    ['SIGHUP', 'server']
  ],
  'reloads and crashes': [
    ['SIGHUP', 'launcher'],
    ['SIGHUP', 'launcher'],
    ['SIGHUP', 'launcher'],
    ['SIGHUP', 'server'],
    ['SIGKILL', 'server']
  ],
  'reloads, crashes and a stop': [
    ...Array<Blow>(10).fill(['SIGHUP', 'launcher']),
    ['SIGKILL', 'server'],
    ['SIGTERM', 'launcher']
  ]
}

/** https://en.wikipedia.org/wiki/Lehmer_random_number_generator */
function randomOf(seed: number): () => number {
  let state = seed
  return () => {
    state = (state * 48_271) % 2_147_483_647
    return state / 2_147_483_647
  }
}

/** Sends signals at random moments, as long as there is somebody to hear them; a crash at most three times. */
async function attack(server: TestServer, kinds: Blow[], random: () => number): Promise<void> {
  const moments = Array.from({ length: SIGNALS }, () => random() * SCHEDULE).sort((a, b) => a - b)
  const begin = performance.now()
  let crashes = 0
  for (const moment of moments) {
    await pause(Math.max(0, moment - (performance.now() - begin)))
    const [signal, to] = kinds[Math.floor(random() * kinds.length)] as Blow
    const servers = server.servers()
    const pid = to === 'launcher' ? server.launcher : servers[Math.floor(random() * servers.length)]
    if (pid === undefined || (signal === 'SIGKILL' && ++crashes > 3)) continue
    try {
      process.kill(pid, signal)
    } catch {
      // ESRCH: it has left since we looked.
    }
  }
}

for (const seed of SEEDS) {
  for (const [what, kinds] of Object.entries(KINDS)) {
    t.test(`${what} at random leave one server that serves, or nothing after a stop: seed ${seed}`, async (t) => {
      const server = await startServer(t, { launcher: [], config: { options: { probation: 200 } } })
      const { port } = server.target() as { port: number }
      await attack(server, kinds, randomOf(seed))
      const isOver = () => server.alive().length === 0
      const isQuiet = () => server.servers().length === 1 && listeningInodes(server.servers()[0] as number).length === 1
      // A reload may be about to begin, so check again after an answer.
      await untilTrue(server, 'end of all that was in progress', () => isOver() || isQuiet())
      t.comment(`generation ${server.events('serving').at(-1)?.generation}, ${server.pids.length} servers`)
      if (!isOver()) {
        t.not(what, 'reloads, crashes and a stop')
        const connection = await HttpConnection.open(server.target())
        t.equal((await connection.request({ path: '/' })).status, 200)
        connection.close()
        t.equal(await server.stop(), 0)
      }
      t.strictSame(server.alive(), [])
      t.strictSame(inodesOfPort(port), [])
    })
  }
}
