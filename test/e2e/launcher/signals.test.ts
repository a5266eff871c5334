import { existsSync } from 'node:fs'
import { readFile, rm } from 'node:fs/promises'
import { constants } from 'node:os'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { HttpConnection } from '../../support/connection.js'
import type { Line } from '../../support/output.js'
import type { TestServer } from '../../support/server.js'
import { launchServer, startServer } from '../../support/start.js'
import { tempFolder } from '../../support/temp-folder.js'
import { untilTrue } from '../../support/tree.js'

t.jobs = 2

async function end(server: TestServer): Promise<unknown> {
  const exit = await server.waitFor(server.exit, 'end of the launcher')
  await server.waitFor(server.gone, 'end of all')
  return exit
}

t.test('the signals that the app has chosen count for the launcher, those of each generation in turn', async (t) => {
  const signals = { stop: ['SIGQUIT'], reload: ['SIGUSR2'], force: ['SIGTERM'] } as const
  const options = { signals: signals as never, probation: 0 }
  const server = await startServer(t, { launcher: [], config: { options } })
  server.signal('SIGUSR2', server.launcher)
  await server.exitOf(server.pid)
  await server.release.configure({ options: { signals: { stop: ['SIGINT'], reload: ['SIGHUP'], force: ['SIGQUIT'] } } })
  const second = server.current
  server.signal('SIGUSR2', server.launcher)
  await server.exitOf(second)
  const third = server.current
  server.signal('SIGHUP', server.launcher)
  await server.exitOf(third)
  t.match(server.events('serving').at(-1), { generation: 4 })
  server.signal('SIGINT', server.launcher)
  t.strictSame(await end(server), { code: 0, signal: null })
})

t.test('each signal that the launcher does not use goes to the app', async (t) => {
  const others = ['SIGQUIT', 'SIGUSR2', 'SIGALRM', 'SIGVTALRM', 'SIGIO', 'SIGPWR', 'SIGWINCH'] as const
  const own = `
    for (const signal of ${JSON.stringify(others)}) process.on(signal, () => say('own', { signal }))`
  const prepare = async (release: TestServer['release']) => {
    await release.write(
      'app.cjs',
      (await release.read('app.cjs')).replace('\nmodule.exports', `${own}\nmodule.exports`)
    )
    return undefined
  }
  const config = { options: { probation: 0 } }
  const server = await startServer(t, { launcher: [], config, prepare })
  for (const signal of others.filter((name) => name in constants.signals)) {
    server.signal(signal, server.launcher)
    await server.event((line) => line.fixture === 'own' && line.signal === signal)
  }
  t.equal(await server.reload(), server.current)
  server.signal('SIGUSR2', server.launcher)
  await server.event((line) => line.fixture === 'own' && line.pid === server.current)
  server.signal('SIGTERM', server.launcher)
  t.strictSame(await end(server), { code: 0, signal: null })
})

t.test('a server whose app has kept a signal for itself and is killed is followed by another one', async (t) => {
  const prepare = async (release: TestServer['release']) => {
    const own = `process.on('SIGQUIT', () => say('dump', {}))\nmodule.exports`
    await release.write('app.cjs', (await release.read('app.cjs')).replace('module.exports', own))
    return undefined
  }
  const server = await startServer(t, { launcher: [], prepare })
  server.signal('SIGQUIT', server.launcher)
  await server.event((line) => line.fixture === 'dump')
  const known = server.pids
  server.signal('SIGKILL', server.current)
  const test = ({ fixture, pid }: Line) => fixture === 'started' && !known.includes(pid)
  await server.event({ what: 'next server', test })
  const connection = await HttpConnection.open(server.target())
  t.equal((await connection.request({ path: '/' })).status, 200)
  connection.close()
  t.equal(await server.stop(), 0)
})

t.test('signals: false, an app with its own handlers: signals are passed on, and its end is the end', async (t) => {
  const own = `
    process.on('SIGHUP', () => apps[0].gracefulReload({ reason: 'own handler' }).catch(() => {}))
    process.on('SIGTERM', () => apps[0].graceful.stop('own handler'))`
  const prepare = async (release: TestServer['release']) => {
    await release.write(
      'app.cjs',
      (await release.read('app.cjs')).replace('\nmodule.exports', `${own}\nmodule.exports`)
    )
    return undefined
  }
  const config = { options: { signals: false, probation: 0 } } as const
  const server = await startServer(t, { launcher: [], config, prepare })
  server.signal('SIGHUP', server.launcher)
  t.match(await server.event('reload-succeeded'), { result: { reason: 'own handler' } })
  await server.exitOf(server.pid)
  server.signal('SIGTERM', server.launcher)
  t.match(await server.event('draining', undefined), {})
  t.strictSame(await end(server), { code: 0, signal: null })
  t.equal(server.events('serving').length, 2)
})

for (const signal of ['SIGTERM', 'SIGHUP'] as const) {
  t.test(`signals: false without handlers: ${signal} ends the server as without a launcher`, async (t) => {
    const server = await startServer(t, { launcher: [], config: { options: { signals: false } } })
    server.signal(signal, server.launcher)
    t.strictSame(await end(server), { code: null, signal })
    t.equal(server.events('serving').length, 1)
  })
}

/** A server without this package. */
const PLAIN = `
const { say } = require('./app.cjs')
const server = require('node:http').createServer((request, response) => response.end('plain'))
server.listen(0, '127.0.0.1', () => say('listening', { kind: 'app', index: 0, address: server.address() }))
process.on('SIGTERM', () => server.close(() => say('bye', {})))
`

async function plain(t: Test): Promise<TestServer> {
  const prepare = async (release: TestServer['release']) => {
    await release.write('server.cjs', PLAIN)
    return undefined
  }
  const server = await launchServer(t, { launcher: [], prepare })
  await server.event('listening')
  return server
}

t.test(
  'an app without the plugin: a reload signal is answered by a reason and does no harm, a stop stops',
  async (t) => {
    const server = await plain(t)
    server.signal('SIGHUP', server.launcher)
    await server.said(/reload \(SIGHUP\): server \d+ has not loaded fastify-graceful-reload, or not yet; waiting/)
    const connection = await HttpConnection.open(server.target())
    t.equal((await connection.request({ path: '/' })).body, 'plain')
    connection.close()
    server.signal('SIGTERM', server.launcher)
    await server.event('bye')
    t.strictSame(await end(server), { code: 0, signal: null })
  }
)

t.test('an app without the plugin that crashes ends the launcher: nothing of it could be kept', async (t) => {
  const server = await plain(t)
  server.signal('SIGKILL', server.pid)
  t.strictSame(await end(server), { code: null, signal: 'SIGKILL' })
})

t.test('a script that loads the plugin and has nothing to serve ends when it is done', async (t) => {
  const prepare = async (release: TestServer['release']) => {
    await release.write('server.cjs', `require('fastify-graceful-reload')`)
    return undefined
  }
  t.strictSame(await end(await launchServer(t, { launcher: [], prepare })), { code: 0, signal: null })
})

t.test('the pid file holds the pid of the launcher in each generation', async (t) => {
  const pidFile = join(await tempFolder(t), 'pid')
  const server = await startServer(t, { launcher: [], config: { options: { pidFile, probation: 0 } } })
  const read = async () => Number(await readFile(pidFile, 'utf8'))
  // The launcher writes it when it hears that its server serves, which the log says too.
  await untilTrue(server, 'pid file', () => existsSync(pidFile))
  t.equal(await read(), server.launcher)
  await server.reload()
  t.equal(await read(), server.launcher)
  const known = server.pids
  server.signal('SIGKILL', server.current)
  const test = ({ fixture, pid }: Line) => fixture === 'started' && !known.includes(pid)
  await server.event({ what: 'next server', test })
  t.equal(await read(), server.launcher)
  t.equal(await server.stop(), 0)
  t.equal(existsSync(pidFile), false)
})

t.test('a reload writes the pid file where it is missing, and where the new release has it', async (t) => {
  const folder = await tempFolder(t)
  const [first, second] = [join(folder, 'first'), join(folder, 'second')]
  const options = { pidFile: first, probation: 0 }
  const server = await startServer(t, { launcher: [], config: { options } })
  await untilTrue(server, 'pid file', () => existsSync(first))
  await rm(first)
  await server.reload()
  await untilTrue(server, 'pid file', () => existsSync(first))
  await server.release.configure({ options: { ...options, pidFile: second } })
  await server.reload()
  await untilTrue(server, 'other pid file', () => existsSync(second))
  t.equal(await readFile(second, 'utf8'), `${server.launcher}\n`)
  t.equal(existsSync(first), false)
  t.equal(await server.stop(), 0)
  t.equal(existsSync(second), false)
})

t.test('a unix path of a server that has changed its directory is removed at the end', async (t) => {
  const folder = await tempFolder(t)
  const prepare = async (release: TestServer['release']) => {
    await release.write('server.cjs', `process.chdir(${JSON.stringify(folder)})\n${await release.read('server.cjs')}`)
    await release.write('app.sock', 'somebody else’s')
    return undefined
  }
  const config = { apps: [{ path: 'app.sock' }], options: { probation: 0 } }
  const server = await startServer(t, { launcher: [], config, prepare })
  t.equal(existsSync(join(folder, 'app.sock')), true)
  await server.reload()
  server.signal('SIGKILL', server.current)
  const known = server.pids
  const test = ({ fixture, pid }: Line) => fixture === 'started' && !known.includes(pid)
  await server.event({ what: 'next server', test })
  t.equal(await server.stop(), 0)
  t.equal(existsSync(join(folder, 'app.sock')), false)
  t.equal(existsSync(server.release.path('app.sock')), true, 'a file of that name in the first directory is not')
})
