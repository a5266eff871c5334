import { setTimeout as pause } from 'node:timers/promises'
import t, { type Test } from 'tap'
import { HttpConnection } from '../../support/connection.js'
import { inodesOfPort, listeningInodes } from '../../support/fds.js'
import { FORCIBLE } from '../../support/release.js'
import type { TestServer } from '../../support/server.js'
import { startServer } from '../../support/start.js'
import { untilLeft, untilQuiet, untilTrue } from '../../support/tree.js'

/** How many signals come, and in which time (milliseconds). */
const SIGNALS = 30
const SCHEDULE = 3_000

/** The same seed sends the same signals at the same moments. For a longer run, give more of them in SEEDS. */
const SEEDS = (process.env.SEEDS ?? '1').split(',').map(Number)

/** Each signal is as likely as it is often in its list. */
const KINDS: Record<string, NodeJS.Signals[]> = {
  reload: ['SIGHUP'],
  'reload, rarely another': [...Array<NodeJS.Signals>(27).fill('SIGHUP'), 'SIGTERM', 'SIGINT', 'SIGUSR2'],
  any: ['SIGHUP', 'SIGHUP', 'SIGTERM', 'SIGINT', 'SIGUSR2']
}

const RECEIVERS: Record<string, (server: TestServer) => number[]> = {
  'the serving process': (server) => server.alive().filter((pid) => pid === server.current),
  'every process of the tree': (server) => server.alive()
}

/** https://en.wikipedia.org/wiki/Lehmer_random_number_generator */
function randomOf(seed: number): () => number {
  let state = seed
  return () => {
    state = (state * 48_271) % 2_147_483_647
    return state / 2_147_483_647
  }
}

/** Sends signals at random moments, as long as there is somebody to hear them; returns what was sent. */
async function attack(kinds: NodeJS.Signals[], receivers: () => number[], seed: number): Promise<string[]> {
  const random = randomOf(seed)
  const moments = Array.from({ length: SIGNALS }, () => random() * SCHEDULE).sort((a, b) => a - b)
  const begin = performance.now()
  const sent: string[] = []
  for (const moment of moments) {
    await pause(Math.max(0, moment - (performance.now() - begin)))
    const signal = kinds[Math.floor(random() * kinds.length)] as NodeJS.Signals
    const pids = receivers()
    if (pids.length === 0) break
    for (const pid of pids) send(signal, pid)
    sent.push(`${Math.round(moment)} ms: ${signal} to ${pids}`)
  }
  return sent
}

function send(signal: NodeJS.Signals, pid: number): void {
  try {
    process.kill(pid, signal)
  } catch {
    // ESRCH: it has left since we looked.
  }
}

async function expectAlone(t: Test, server: TestServer, pid: number, port: number): Promise<void> {
  t.equal(pid, server.current, 'the one that is left is the one that said so last')
  const connection = await HttpConnection.open(server.target())
  t.match(JSON.parse((await connection.request({ path: '/' })).body), { pid })
  connection.close()
  t.strictSame(listeningInodes(pid), inodesOfPort(port), 'it has the only listening socket')
  t.equal(await server.stop(), 0)
}

t.jobs = 2
for (const seed of SEEDS) {
  for (const [kind, signals] of Object.entries(KINDS)) {
    for (const [whom, receivers] of Object.entries(RECEIVERS)) {
      t.test(`signals (${kind}) to ${whom} leave one that serves, or none: seed ${seed}`, async (t) => {
        const server = await startServer(t, { config: { options: { ...FORCIBLE, probation: 200 } } })
        const { port } = server.target() as { port: number }
        const sent = await attack(signals, () => receivers(server), seed)
        const left = await untilQuiet(server).catch((err: Error) => {
          throw Object.assign(err, { sent })
        })
        t.comment(`generation ${server.events('serving').length}, left: ${left ?? 'none'}`)
        if (kind === 'reload') t.ok(left, 'a reload ends no service')
        if (left !== undefined) await expectAlone(t, server, left, port)
        await untilLeft(server, [])
        await untilTrue(server, 'end of the listening socket', () => inodesOfPort(port).length === 0)
      })
    }
  }
}
