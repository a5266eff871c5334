import t from 'tap'
import { failReload, succeedReload } from '../../support/admin.js'
import { CAN_LIMIT, limitFds } from '../../support/descriptors.js'
import { Gate } from '../../support/gate.js'
import { startServer } from '../../support/start.js'

const skip = CAN_LIMIT ? false : 'needs prlimit'
const servers = Array.from({ length: 3 }, () => ({ port: 0, host: '127.0.0.1' }))

t.test('a parent without file descriptors starts no child', { skip }, async (t) => {
  const server = await startServer(t, { config: { servers } })
  for (const free of [1, 2, 3, 4, 5, 6, 7]) {
    await t.test(`${free} left`, async (t) => {
      let restore: () => void = () => {}
      const refusal = await failReload(t, server, async () => {
        restore = limitFds(server.pid, free)
      })
      restore()
      t.match(refusal, { code: 'GRACEFUL_ERR_SPAWN_FAILED', statusCode: 500, message: /EMFILE/ })
      t.strictSame(server.events('reload-started'), [])
    })
  }
  await succeedReload(t, server)
})

t.test('a parent that runs out of file descriptors while the child boots keeps its listeners', { skip }, async (t) => {
  const gate = await Gate.open(t)
  const server = await startServer(t, { config: { servers } })
  const good = await server.release.read('server.cjs')
  let restore: () => void = () => {}
  const refusal = await failReload(t, server, async () => {
    await server.release.write('server.cjs', gate.before(good))
    void gate.arrival().then((letIn) => {
      restore = limitFds(server.pid, 2)
      letIn()
    })
  })
  restore()
  t.match(refusal, { code: 'GRACEFUL_ERR_BAD_HANDOFF', message: /no duplicate of the listener.*file descriptors/ })
  await server.release.write('server.cjs', good)
  await succeedReload(t, server)
})
