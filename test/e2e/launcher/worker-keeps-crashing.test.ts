import t from 'tap'
import { HttpConnection } from '../../support/connection.js'
import type { Line } from '../../support/output.js'
import { untilTrue } from '../../support/tree.js'
import { startWorkers, type Who, type Workers } from '../../support/workers.js'

/** So many bad boots, behind a kill, are one more than it takes to be given up where no other worker serves. */
const BAD_BOOTS = 6

/** After so long, the pauses between two starts are seconds. Milliseconds. */
const WITH_PAUSES = 240_000

/** Nobody ends a worker that boots for so long. Milliseconds. */
const config = { options: { probation: 50, readyTimeout: 300_000 } }

/** Makes one of two workers crash again and again in its boot, while the other one also boots and waits there. */
async function crashWhileOtherBoots(workers: Workers): Promise<void> {
  const { server } = workers
  const [crashing, waiting] = workers.of(1) as [number, number]
  const booted = (mode: string) => server.events((line) => line.fixture === 'boot' && line.mode === mode)
  await server.release.configure({ boot: 'wait' })
  process.kill(waiting, 'SIGKILL')
  await untilTrue(server, 'boot of the other worker', () => booted('wait').length === 1)
  await server.release.configure({ boot: 'throw' })
  process.kill(crashing, 'SIGKILL')
  const isLast = (line: Line) => booted('throw').indexOf(line) === BAD_BOOTS - 1
  await server.event({ what: `bad boot number ${BAD_BOOTS}`, test: isLast }, WITH_PAUSES)
}

async function askForReload({ server }: Workers): Promise<{ status: number; body: string }> {
  const admin = await HttpConnection.open(server.target())
  const answer = await admin.request({ method: 'POST', path: '/admin/reload' })
  admin.close()
  return answer
}

t.test('a worker that keeps crashing while the other one boots is started until it serves', async (t) => {
  const workers = await startWorkers(t, { count: 2, config })
  const { server } = workers
  await crashWhileOtherBoots(workers)
  await server.release.configure({ boot: 'none', release: 'good' })
  const isGood = (line: Line) => line.fixture === 'started' && line.release === 'good'
  const { pid } = await server.event({ what: 'start of the worker that has crashed', test: isGood }, WITH_PAUSES)
  await server.release.write('go', '')
  await workers.started(1, 4)
  await workers.met([pid, ...workers.of(1).slice(-1)])
  t.equal(await workers.stop(), 0)
})

t.test('a reload starts a worker that keeps crashing with the new code, and succeeds once that is good', async (t) => {
  const workers = await startWorkers(t, { count: 2, config })
  const { server } = workers
  await crashWhileOtherBoots(workers)
  await server.release.write('go', '')
  await workers.started(1, 3)
  const bad = await askForReload(workers)
  t.match(JSON.parse(bad.body), { code: /^GRACEFUL_ERR_(?!STOPPING)/, statusCode: bad.status }, 'the code is still bad')
  await server.release.configure({ boot: 'none', release: 'good' })
  const good = await askForReload(workers)
  t.match(good, { status: 200 }, good.body)
  if (good.status !== 200) return
  const pids = (JSON.parse(good.body) as { workers: Who[] }).workers.map(({ pid }) => pid)
  t.equal(pids.length, 2)
  await workers.left(pids)
  await workers.met(pids)
  const isBehind = (line: Line) => line.fixture === 'started' && pids.includes(line.pid) && line.release !== 'good'
  t.strictSame(server.events(isBehind), [], 'both serve the new code')
  t.equal(await workers.stop(), 0)
})
