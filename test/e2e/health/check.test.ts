import t from 'tap'
import { startServer, WAYS } from '../../support/start.js'
import { checkTakenBack, reloadTo, unwell } from '../../support/unwell.js'

/** The app's own word on whether it is well. */

t.jobs = 2

const UNWELL = [
  [{ check: 'throws' }, /gave up \(the health check failed: no database\)/],
  [{ check: 'throws', onlyCheck: true }, /gave up \(the health check failed: no database\)/],
  [{ check: 'throws later' }, /gave up \(the health check failed: the database is gone\)/],
  [{ check: 'hangs' }, /gave up \(the health check took longer than 800 ms\)/]
] as const

for (const { settings: way, where } of WAYS)
  t.test(`a release whose app reports that it is not well is rolled back${where}`, async (t) => {
    const server = await startServer(t, { ...unwell({ health: { checkTimeout: 800 } }), ...way })
    const parent = server.current
    for (const [extra, message] of UNWELL) {
      const answer = await reloadTo(server, extra)
      await checkTakenBack(t, server, parent, answer)
      t.match(JSON.parse(answer.body).message, message)
    }
    t.equal(await server.stop(), 0)
  })

t.test('an app is asked whether it is well before it confirms, also without a probation', async (t) => {
  const server = await startServer(t, unwell({ probation: 0, health: { checkTimeout: 800 } }))
  const parent = server.current
  for (const check of ['throws', 'hangs']) {
    const answer = await reloadTo(server, { check })
    t.match(JSON.parse(answer.body), { code: 'GRACEFUL_ERR_ROLLED_BACK' }, check)
    t.equal(server.current, parent)
  }
  const { status, body } = await reloadTo(server, { check: 'well' })
  t.equal(status, 200, body)
  t.ok(server.events((line) => line.fixture === 'checked' && line.pid === JSON.parse(body).pid).length >= 1)
  t.equal(await server.stop(), 0)
})
