import { existsSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import Fastify, { type FastifyInstance } from 'fastify'
import t, { type Test } from 'tap'
import graceful from '../../../lib/index.js'
import { os } from '../../../lib/util/os.js'
import { checkFresh, failReload, succeedReload } from '../../support/admin.js'
import { askControl, startWithControl, statusAt } from '../../support/control-requests.js'
import { launchServer, startServer } from '../../support/start.js'
import { tempFolder } from '../../support/temp-folder.js'

function createApp(t: Test, options: graceful.GracefulOptions): FastifyInstance {
  const app = Fastify()
  app.register(graceful, options)
  t.teardown(() => app.close())
  return app
}

const local = { port: 0, host: '127.0.0.1' }
const OPENING = { code: 'GRACEFUL_ERR_CONTROL_SOCKET', statusCode: 500 }

t.test('a socket that a crash left behind is replaced', async (t) => {
  const { server: crashed, control } = await startWithControl(t)
  crashed.signal('SIGKILL')
  await crashed.gone
  t.ok(existsSync(control))
  const server = await startServer(t, { config: { options: { control } } })
  t.match(await statusAt(control), { pid: server.pid })
  t.equal(modeOf(control), '600')
  t.equal(await server.stop(), 0)
  t.notOk(existsSync(control))
})

t.test('a socket at which another process answers is left to it: the app does not listen', async (t) => {
  const { server: owner, control } = await startWithControl(t)
  const second = await launchServer(t, { config: { options: { control } } })
  t.equal((await second.exit).code, 1)
  t.match(second.output.toString(), `the control socket ${control} could not be opened: another process serves there`)
  t.match(await statusAt(control), { pid: owner.pid })

  const third = await startServer(t, { config: { options: { probation: 100 } } })
  const bad = { config: { options: { probation: 100, control } } }
  const refused = await failReload(t, third, () => third.release.configure(bad.config))
  t.match(refused, { code: 'GRACEFUL_ERR_CHILD_EXITED' })
  t.match(third.events('reload-failed').at(-1)?.msg, /control socket.*another process serves there/)
  t.match(await askControl(control, { command: 'reload', reason: 'x' }), { reload: { generation: 2 } })
})

t.test('new code may ask for another path, for one at last, or for none', async (t) => {
  const folder = await tempFolder(t)
  const [one, two] = [join(folder, 'one'), join(folder, 'two')]
  const server = await startServer(t, { config: { options: { probation: 100 } } })
  const reload = async (control: string | undefined) => {
    await server.release.configure({ options: { control: control as string } })
    await succeedReload(t, server)
    t.strictSame([existsSync(one), existsSync(two)], [control === one, control === two])
    if (control !== undefined) t.match(await statusAt(control), { pid: server.current })
  }
  await reload(one)
  t.equal(modeOf(one), '600')
  await reload(two)
  await reload(undefined)
  t.match(
    server.events('unclaimed').map(({ address }) => address),
    [one, two]
  )
})

t.test('what cannot be had fails under its own name, and the app can still be closed', async (t) => {
  const folder = await tempFolder(t)
  const file = join(folder, 'file')
  writeFileSync(file, 'precious')
  const long = join(folder, 'x'.repeat(120))
  for (const [control, message] of [
    [file, /file could not be opened: another process serves there, or it is no socket/],
    [folder, /could not be opened: another process serves there, or it is no socket/],
    [long, /x could not be opened: the path is longer than the system allows, 10[37] bytes$/],
    [join(folder, 'missing', 'socket'), /socket could not be opened: the folder .*missing does not exist/]
  ] as const) {
    const app = createApp(t, { control })
    await t.rejects(Promise.resolve(app.listen(local)), { ...OPENING, message, cause: { code: String } })
    await app.close()
  }
})

t.test(
  'an app that does not listen opens nothing; one that has closed leaves nothing; and the next one can have it',
  async (t) => {
    const control = join(await tempFolder(t), 'control.sock')
    const before = process.umask()
    const injected = createApp(t, { control })
    await injected.ready()
    t.notOk(existsSync(control))
    await injected.close()
    for (const round of [1, 2]) {
      const app = createApp(t, { control })
      await app.listen(local)
      t.match(await statusAt(control), { pid: process.pid, phase: 'serving' }, `round ${round}`)
      await app.close()
      t.notOk(existsSync(control))
    }
    const first = createApp(t, { control })
    await first.listen(local)
    const release = first.graceful.hold('work')
    const closing = first.close()
    while (first.graceful.phase !== 'draining') await new Promise(setImmediate)
    const second = createApp(t, { control })
    await second.listen(local)
    release()
    await closing
    t.match(await statusAt(control), { phase: 'serving' }, 'one that is made while the last one closes has it, too')
    await second.close()
    t.equal(process.umask(), before)
  }
)

t.test('of two apps, the first to listen decides, and the socket outlives it', async (t) => {
  const folder = await tempFolder(t)
  const [control, other] = [join(folder, 'control.sock'), join(folder, 'other.sock')]
  const warnings: string[] = []
  const logger = { level: 'warn', stream: { write: (line: string) => void warnings.push(JSON.parse(line).msg) } }
  const first = Fastify({ logger })
  first.register(graceful, { control })
  const second = createApp(t, { control: other })
  await first.listen(local)
  await second.listen(local)
  t.match(warnings, [/option control of a second app is ignored/])
  t.notOk(existsSync(other))
  t.equal((await statusAt(control)).listeners.length, 2)
  await first.close()
  t.equal((await statusAt(control)).listeners.length, 1)
  await second.close()
  t.notOk(existsSync(control))
})

t.test('two apps that are told to listen at the same time, both with the same path', async (t) => {
  const control = join(await tempFolder(t), 'control.sock')
  const apps = [createApp(t, { control }), createApp(t, { control })]
  await Promise.all(apps.map((app) => app.listen(local)))
  t.equal((await statusAt(control)).listeners.length, 2)
})

t.test('where there cannot be one, a warning says so, and the app listens', async (t) => {
  const control = join(await tempFolder(t), 'control.sock')
  for (const script of ['cluster.cjs', 'worker-thread.cjs']) {
    const server = await startServer(t, { script, config: { options: { control } } })
    t.match(server.events('warning'), [{ warning: /option control is ignored in a (cluster worker|worker thread)/ }])
    t.notOk(existsSync(control))
    await checkFresh(t, server, server.current)
  }
  const { whyNoControlSocket } = os
  os.whyNoControlSocket = () => 'on Windows'
  t.teardown(() => Object.assign(os, { whyNoControlSocket }))
  await createApp(t, { control }).listen(local)
  t.notOk(existsSync(control))
})

function modeOf(path: string): string {
  return (statSync(path).mode & 0o777).toString(8)
}
