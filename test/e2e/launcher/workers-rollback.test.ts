import t, { type Test } from 'tap'
import { FreshClient, KeepAliveClient } from '../../support/clients.js'
import { HttpConnection } from '../../support/connection.js'
import { HAS_PROC, listeningInodes } from '../../support/fds.js'
import { Load } from '../../support/load.js'
import type { Line } from '../../support/output.js'
import { untilTrue } from '../../support/tree.js'
import { startWorkers, type Workers } from '../../support/workers.js'

t.jobs = 2

/** A probation that a test does not wait for. Milliseconds. */
const LONG = 60_000

/** Of the next generations, the second process that boots fails. */
const FAILING_SECOND = `
const fs = require('node:fs')
const path = require('node:path')
const { start } = require('./app.cjs')
const { extra = {} } = JSON.parse(fs.readFileSync(path.join(__dirname, 'config.json'), 'utf8'))
const isFirst = () => {
  try {
    fs.closeSync(fs.openSync(path.join(__dirname, extra.marker), 'wx'))
    return true
  } catch {
    return false
  }
}
const extend = () => {
  if (extra.marker !== undefined && !isFirst()) throw new Error('this release boots only once')
}
start({ Fastify: require('fastify'), graceful: require('fastify-graceful-reload'), extend })
`

/** A load of clients that never retry. A connection that has moved to a successor is told that it will be closed. */
async function beginLoad(workers: Workers): Promise<Load> {
  const target = workers.server.target()
  const clients = [new FreshClient(target), ...Array.from({ length: 12 }, () => new KeepAliveClient(target))]
  const load = new Load(clients, { pause: 10 })
  await load.reached(1)
  return load
}

/** Only the predecessors are left, and serve. No client has noticed. The next reload succeeds. */
async function checkUnchanged(t: Test, workers: Workers, before: number[], load: Load): Promise<void> {
  await workers.left(before)
  await workers.met(before)
  await load.answered(50)
  const report = await load.stop()
  t.strictSame(report.failures, [])
  t.equal(report.connectionsClosed, 0)
  await workers.server.release.configure({ release: 'good', extra: {} })
  workers.server.signal('SIGHUP', workers.launcher)
  const isGood = (line: Line) => line.fixture === 'started' && line.release === 'good'
  await untilTrue(workers.server, 'three successors', () => workers.server.events(isGood).length === 3)
  await workers.met(workers.server.events(isGood).map(({ pid }) => pid))
  t.equal(await workers.stop(), 0)
}

t.test('when the second successor cannot boot, the first one gives the service back', async (t) => {
  const workers = await startWorkers(t, { config: { options: { probation: LONG } } })
  const { server } = workers
  await server.release.write('server.cjs', FAILING_SECOND)
  const before = workers.of(1)
  const [inodes, load] = [listeningInodes(workers.launcher), await beginLoad(workers)]
  await server.release.configure({ release: 'bad', extra: { marker: 'once' } })
  const admin = await HttpConnection.open(server.target())
  const answer = await admin.request({ method: 'POST', path: '/admin/reload' })
  admin.close()
  t.match(JSON.parse(answer.body), { code: 'GRACEFUL_ERR_CHILD_EXITED', statusCode: 502 })
  t.equal(answer.status, 502)
  t.equal(server.events('rolled-back').length, 1, 'the first one')
  t.match(server.events('rolled-back'), [
    { msg: /the reload of another worker failed.*: the child exited.*: .*boots only once/ }
  ])
  if (HAS_PROC) t.strictSame(listeningInodes(workers.launcher), inodes)
  await checkUnchanged(t, workers, before, load)
})

t.test('a successor that dies in its probation takes all others with it', async (t) => {
  const workers = await startWorkers(t, { config: { options: { probation: LONG } } })
  const { server } = workers
  const before = workers.of(1)
  server.signal('SIGHUP', workers.launcher)
  const successors = await workers.started(2)
  await workers.untilAll(before, 'handed-over')
  const load = await beginLoad(workers)
  process.kill(successors[0] as number, 'SIGKILL')
  await workers.untilAll(before, 'rolled-back')
  await workers.logged(/reload \(SIGHUP\) failed: .*killed by SIGKILL/)
  // The dead server had connections, which ended with it. The others have lost none.
  await workers.left(before)
  await workers.untilAll(successors.slice(1), 'exit')
  t.strictSame(
    workers.server.events('exit').map(({ code }) => code),
    [0, 0],
    'the other successors leave in order'
  )
  await load.stop()
  await checkUnchanged(t, workers, before, await beginLoad(workers))
})

t.test('a successor that an error ends in its probation loses nothing', async (t) => {
  const workers = await startWorkers(t, { config: { options: { probation: LONG } } })
  const { server } = workers
  const before = workers.of(1)
  const load = await beginLoad(workers)
  server.signal('SIGHUP', workers.launcher)
  const successors = await workers.started(2)
  await workers.untilAll(before, 'handed-over')
  await server.tell({ command: 'rollback', reason: 'found wanting' }, successors[1] as number)
  await workers.untilAll(before, 'rolled-back')
  await workers.logged(/reload \(SIGHUP\) failed: .*found wanting/)
  await checkUnchanged(t, workers, before, load)
})
