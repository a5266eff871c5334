import t from 'tap'
import { failReload, succeedReload } from '../../support/admin.js'
import { startServer, WAYS } from '../../support/start.js'

t.jobs = 2

const script = 'state.cjs'

/** More than any buffer between the two processes holds. */
const HUGE = 8 * 2 ** 20

for (const { settings, where } of WAYS) {
  for (const save of [
    'a function',
    'shared memory',
    'a compiled module',
    'a toJSON that throws',
    'a getter that throws'
  ]) {
    t.test(`a reload fails when its state contains ${save}${where}`, async (t) => {
      const server = await startServer(t, { ...settings, script, config: { extra: { save } } })
      const refusal = await failReload(t, server, async () => {})
      t.match(refusal, { code: 'GRACEFUL_ERR_STATE', statusCode: 500 })
      t.strictSame(server.events('loading'), [])
      t.equal(await server.stop(), 0)
    })
  }

  for (const [save, path] of [
    ['a key', 'state.users[1].key is a'],
    ['a blob', 'state.get("file") is a Blob'],
    ['a url', 'state.home is a URL']
  ] as const) {
    t.test(`a reload fails when ${save} would arrive empty, and says where it is${where}`, async (t) => {
      const server = await startServer(t, { ...settings, script, config: { extra: { save } } })
      const refusal = await failReload(t, server, async () => {})
      t.match(refusal, { code: 'GRACEFUL_ERR_STATE', message: new RegExp(path.replace(/[[\]().]/g, '\\$&')) })
      t.strictSame(server.events('loading'), [])
    })
  }

  t.test(`a huge state passes${where}`, async (t) => {
    const server = await startServer(t, {
      ...settings,
      script,
      config: { options: { readyTimeout: 600_000 }, extra: { save: 'huge', size: HUGE } }
    })
    await succeedReload(t, server)
    t.match(server.events('loading'), [{ pid: server.current, ballast: HUGE }])
    t.equal(await server.stop(), 0)
  })
}
