import t from 'tap'
import { checkFresh, failReload, succeedReload } from '../../support/admin.js'
import { HttpConnection } from '../../support/connection.js'
import { HAS_PROC } from '../../support/fds.js'
import type { Line } from '../../support/output.js'
import type { FixtureConfig } from '../../support/release.js'
import type { TestServer } from '../../support/server.js'
import { startServer } from '../../support/start.js'
import { untilTrue } from '../../support/tree.js'

/** A cause that makes a reload fail, the error that the caller gets, and the repair. */
const FAILURES: Record<string, { code: string; says: RegExp; spoil: FixtureConfig | string }> = {
  'the release throws': { code: 'CHILD_EXITED', says: /this release cannot boot/, spoil: { boot: 'throw' } },
  'the release exits with 0': { code: 'CHILD_EXITED', says: /exited with code 0/, spoil: { boot: 'exit' } },
  'the release hangs': { code: 'READY_TIMEOUT', says: /within 15000 ms/, spoil: { boot: 'hang' } },
  'the script cannot be read': { code: 'CHILD_EXITED', says: /SyntaxError/, spoil: 'this is no JavaScript' },
  'the script is gone': { code: 'CHILD_EXITED', says: /Cannot find module/, spoil: '' }
}

t.test('a reload that fails changes nothing under a launcher, and the next one works', async (t) => {
  const server = await startServer(t, { launcher: [], config: { options: { readyTimeout: 15_000 } } })
  const script = await server.release.read('server.cjs')
  for (const [what, { code, says, spoil }] of Object.entries(FAILURES)) {
    const refusal = await failReload(t, server, async () => {
      if (spoil === '') await server.release.remove('server.cjs')
      else if (typeof spoil === 'string') await server.release.write('server.cjs', spoil)
      else await server.release.configure(spoil)
    })
    t.match(refusal, { code: `GRACEFUL_ERR_${code}` }, what)
    t.match(server.events('reload-failed').at(-1)?.msg, says, what)
    await server.release.write('server.cjs', script)
    await server.release.configure({ boot: 'none', release: 'good' })
  }
  // The process that gets the request reads it at its start.
  await server.release.configure({ veto: 'not now' })
  await succeedReload(t, server)
  t.match(await failReload(t, server, async () => {}), { code: 'GRACEFUL_ERR_VETOED', message: /not now/ })
  t.equal(await server.stop(), 0)
})

t.test('the launcher says why the reload that its signal asked for failed', async (t) => {
  const server = await startServer(t, { launcher: [], config: { options: { probation: 0 } } })
  await server.release.configure({ boot: 'throw' })
  server.signal('SIGHUP', server.launcher)
  await server.said(/reload \(SIGHUP\) failed: .*this release cannot boot/)
  await checkFresh(t, server, server.pid)
  t.equal(await server.stop(), 0)
})

/** Long enough for anything that a test does in it. */
const PROBATION = 10_000

/** Brings a reload into its probation and ends the child; returns the child. */
async function rollBack(server: TestServer, end: (child: number) => unknown): Promise<number> {
  const { length } = server.events('rolled-back')
  const known = server.events('handed-over').map(({ child }) => child)
  server.signal('SIGHUP', server.launcher)
  const isNew = ({ graceful, child }: Line) => graceful === 'handed-over' && !known.includes(child)
  const { child } = await server.event({ what: 'next probation', test: isNew })
  await end(Number(child))
  await untilTrue(server, 'the parent to come back', () => server.events('rolled-back').length > length)
  return Number(child)
}

t.test('a child that dies in its probation brings the parent back, for a reload by route and by signal', async (t) => {
  const server = await startServer(t, { launcher: [], config: { options: { probation: PROBATION } } })
  const admin = await HttpConnection.open(server.target())
  const answer = admin.request({ method: 'POST', path: '/admin/reload' })
  const child = await server.serving(2)
  await server.eventOf(server.pid, 'handed-over')
  await checkFresh(t, server, child)
  server.signal('SIGKILL', child)
  const { status, body } = await answer
  t.match({ status, ...JSON.parse(body) }, { status: 502, code: 'GRACEFUL_ERR_ROLLED_BACK', message: /SIGKILL/ })
  admin.close()
  if (HAS_PROC) t.strictSame(server.servers(), [server.pid])
  await checkFresh(t, server, server.pid)
  await server.release.configure({ options: { probation: 100 } })
  await rollBack(server, (next) => server.tell({ command: 'throw', message: 'boom' }, next))
  await server.said(/reload \(SIGHUP\) failed: .*boom/)
  await checkFresh(t, server, server.pid)
  t.equal(await server.stop(), 0)
})

t.test('a child that gave up and still has a request in progress does not affect the next reload', async (t) => {
  const server = await startServer(t, { launcher: [], config: { options: { probation: PROBATION } } })
  let finish: () => Promise<unknown> = async () => {}
  const first = await rollBack(server, async (child) => {
    const busy = await HttpConnection.open(server.target())
    const slow = busy.send({ path: '/hold/slow' })
    t.equal(await server.held('slow'), child)
    await server.tell({ command: 'rollback', reason: 'not good' }, child)
    finish = async () => {
      await server.tell({ command: 'release', name: 'slow' }, child)
      t.match(JSON.parse((await slow.response).body), { pid: child }, 'what it had begun is finished by it')
      busy.close()
      await server.exitOf(child)
    }
  })
  await server.said(/reload \(SIGHUP\) failed: .*not good/)

  const admin = await HttpConnection.open(server.target())
  const answer = admin.request({ method: 'POST', path: '/admin/reload' })
  const isSecond = ({ pid, graceful }: { pid: number; graceful?: string }) =>
    graceful === 'serving' && pid !== first && pid !== server.pid
  const { pid: second } = await server.event({ what: 'service of the second child', test: isSecond })
  await finish()
  await checkFresh(t, server, second)
  t.equal(server.events('rolled-back').length, 1, 'its end is not that of the second child')
  server.signal('SIGKILL', second)
  t.match(JSON.parse((await answer).body), { code: 'GRACEFUL_ERR_ROLLED_BACK', message: /SIGKILL/ })
  admin.close()
  await checkFresh(t, server, server.pid)
  t.equal(await server.stop(), 0)
})
