import { existsSync } from 'node:fs'
import { dirname, join } from 'node:path'
import t from 'tap'
import { askControl, startWithControl, statusAt } from '../../support/control-requests.js'
import { startServer } from '../../support/start.js'
import { tempFolder } from '../../support/temp-folder.js'

t.test('an app without the option control answers at the path in FASTIFY_GRACEFUL_CONTROL', async (t) => {
  const control = join(await tempFolder(t), 'control')
  const server = await startServer(t, { env: { FASTIFY_GRACEFUL_CONTROL: control } })
  for (const generation of [2, 3]) {
    t.match(await askControl(control, { command: 'reload', reason: 'deploy' }), { reload: { generation } })
    t.match(await statusAt(control), { generation, phase: 'serving' })
  }
  t.strictSame(server.events('warning'), [])
  await server.stop()
  t.notOk(existsSync(control))
})

t.test('the option comes first, and an empty variable names nothing', async (t) => {
  const other = join(await tempFolder(t), 'other')
  const named = await startWithControl(t, {}, { env: { FASTIFY_GRACEFUL_CONTROL: other } })
  t.match(await statusAt(named.control), { pid: named.server.pid })
  t.notOk(existsSync(other))
  const unnamed = await startServer(t, { env: { FASTIFY_GRACEFUL_CONTROL: '' } })
  t.strictSame(unnamed.events('warning'), [])
})

t.test(
  'a server that inherits the variable of another one serves, and says that it cannot be asked there',
  async (t) => {
    const control = join(await tempFolder(t), 'control')
    const env = { FASTIFY_GRACEFUL_CONTROL: control }
    const first = await startServer(t, { env })
    const second = await startServer(t, { env })
    const warning = /^the control socket .* could not be opened: another process serves there/
    t.match(second.events('warning'), [{ warning, err: { code: 'GRACEFUL_ERR_CONTROL_SOCKET' } }])
    t.match(await statusAt(control), { pid: first.pid })
  }
)

for (const given of [[], ['--control', 'own']]) {
  t.test(`below a launcher in another directory a relative path is the launcher's ${given.join(' ')}`, async (t) => {
    const server = await startServer(t, {
      launcher: ['--directory', 'release', ...given],
      env: { FASTIFY_GRACEFUL_CONTROL: 'control' },
      prepare: async (_, cwd) => ({ cwd, script: 'server.cjs' })
    })
    const folder = dirname(server.release.folder)
    const control = join(folder, given[1] ?? 'control')
    for (const generation of [2, 3]) {
      t.match(await askControl(control, { command: 'reload', reason: 'deploy' }), { reload: { generation } })
      t.match(await askControl(control, { command: 'status' }), { status: { workers: [{ pid: server.current }] } })
    }
    for (const name of ['control', 'own']) t.notOk(existsSync(server.release.path(name)), 'no second socket')
    t.strictSame(server.events('warning'), [])
  })
}

t.test("below a launcher the variable is the launcher's", async (t) => {
  const control = join(await tempFolder(t), 'control')
  const settings = { launcher: ['--control', control], env: { FASTIFY_GRACEFUL_CONTROL: control } }
  const server = await startServer(t, settings)
  t.match(await askControl(control, { command: 'status' }), { status: { workers: [{ pid: server.current }] } })
  t.strictSame(server.events('warning'), [])
})
