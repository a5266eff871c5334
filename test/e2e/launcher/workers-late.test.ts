import t from 'tap'
import { FreshClient } from '../../support/clients.js'
import { countFds, HAS_PROC, listeningInodes } from '../../support/fds.js'
import { freePort } from '../../support/free-port.js'
import { shakeHands } from '../../support/handshake.js'
import { Load } from '../../support/load.js'
import { certificate } from '../../support/tls.js'
import { untilTrue } from '../../support/tree.js'
import { startWorkers } from '../../support/workers.js'

t.jobs = 2

/** How often to try to meet a worker that the system does not wake first. */
const TURNS = 1000

for (const protocol of ['TLSv1.2', 'TLSv1.3'] as const) {
  t.test(
    `${protocol}: a session begun with one worker is resumed by every other one, and by their successors`,
    async (t) => {
      const workers = await startWorkers(t, {
        config: { fastify: { https: certificate() }, options: { probation: 50 } }
      })
      const target = workers.server.target()
      const first = await shakeHands(target, protocol)
      const resumeWithEach = async (generation: number) => {
        const missing = new Set(workers.of(generation))
        // One after the other, they could all find the same process.
        const resumeSome = () =>
          Promise.all(Array.from({ length: 8 }, () => shakeHands(target, protocol, first.session)))
        for (let turn = 0; turn < TURNS && missing.size > 0; turn += 1) {
          for (const next of await resumeSome()) {
            t.equal(next.resumed, true, `process ${next.pid} resumes the session of process ${first.pid}`)
            missing.delete(next.pid)
          }
        }
        t.equal(missing.size, 0, 'each worker has been met')
      }
      await resumeWithEach(1)
      await workers.reload(2)
      await resumeWithEach(2)
    }
  )
}

t.test('nothing grows over seven rolling reloads', { skip: !HAS_PROC }, async (t) => {
  const listen = { port: 0, host: '127.0.0.1' }
  const workers = await startWorkers(t, { count: 2, config: { apps: [listen, listen], options: { probation: 0 } } })
  const { server, launcher } = workers
  const pids = await workers.reload(2)
  const inodes = listeningInodes(launcher)
  const counts = [launcher, ...pids].map(countFds)
  for (let generation = 3; generation <= 8; generation++) await workers.reload(generation)
  const last = workers.of(8)
  for (const [at, pid] of [launcher, ...last].entries()) {
    t.strictSame(listeningInodes(pid), inodes)
    // At first there may have been one more, of a predecessor that was just gone.
    const first = counts[at] ?? 0
    await untilTrue(server, `no more descriptors than at first, ${first}`, () => countFds(pid) <= first)
  }
})

/** Listens a second time, half a second after the first time. */
const LATE = `
const { setTimeout: delay } = require('node:timers/promises')
const { start, say } = require('./app.cjs')
const { extra } = require('./config.json')
let app
const extend = (one) => { app = one }
start({ Fastify: require('fastify'), graceful: require('fastify-graceful-reload'), extend }).then(async () => {
  await delay(500)
  const server = require('node:net').createServer((socket) => socket.end(String(process.pid)))
  await app.graceful.listen(server, { port: extra.port, host: '127.0.0.1' })
  say('listening late', {})
})
`

t.test('all workers share a listener that comes late, if necessary at a second attempt', async (t) => {
  const port = await freePort()
  const workers = await startWorkers(t, {
    config: { extra: { port }, options: { probation: 50 } },
    edit: (release) => release.write('server.cjs', LATE)
  })
  const { server, launcher } = workers
  const load = new Load([new FreshClient(server.target())], { every: 10 })
  const listening = () => server.events('listening late').map(({ pid }) => pid)
  await untilTrue(server, 'three workers with both listeners', () => listening().length === 3)
  await workers.left(listening())
  const inodes = listeningInodes(launcher)
  t.equal(inodes.length, HAS_PROC ? 2 : 0)
  for (const pid of listening()) t.strictSame(listeningInodes(pid), inodes)
  t.strictSame((await load.stop()).failures, [])
  t.equal(await workers.stop(), 0)
})
