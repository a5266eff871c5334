import { readdirSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import Fastify from 'fastify'
import t from 'tap'
import graceful from '../../../lib/index.js'
import { os } from '../../../lib/util/os.js'
import { HttpConnection } from '../../support/connection.js'
import { PERMISSION_MODEL } from '../../support/permission.js'
import { launchServer, startServer } from '../../support/start.js'

t.test('in a cluster worker a stop drains, and a reload is refused', async (t) => {
  const server = await startServer(t, { script: 'cluster.cjs' })
  const worker = server.current
  t.not(worker, server.pid)
  const connection = await HttpConnection.open(server.target())
  const refused = await connection.request({ method: 'POST', path: '/admin/reload' })
  t.match(refused, { status: 501, body: /"GRACEFUL_ERR_UNSUPPORTED".*in a cluster worker/ })
  server.signal('SIGHUP')
  t.match(await server.event('reload-failed'), { reason: 'SIGHUP', err: { code: 'GRACEFUL_ERR_UNSUPPORTED' } })

  const slow = connection.send({ path: '/hold/slow' })
  await server.held('slow')
  server.signal('SIGTERM')
  t.match(await server.event('draining'), { pid: worker, reason: 'SIGTERM', connections: 1 })
  await server.tell({ command: 'release', name: 'slow' })
  t.match(await slow.response, { status: 200, headers: { connection: 'close' } })
  t.match(await server.event('worker exit'), { worker, code: 0, signal: null })
  t.strictSame(server.events('forced'), [])
})

t.test('the workers of a cluster share a unix path', async (t) => {
  const folder = await mkdtemp(join(tmpdir(), 'graceful-'))
  t.teardown(() => rm(folder, { recursive: true, force: true }))
  const path = join(folder, 'app.sock')
  const server = await launchServer(t, { script: 'cluster.cjs', args: ['2'], config: { apps: [{ path }] } })
  const started = () => server.events('started').map(({ pid }) => pid)
  await server.event({ what: 'two workers', test: () => started().length === 2 })
  t.strictSame(readdirSync(folder), ['app.sock'])
  const answers = new Set<number>()
  for (let count = 0; count < 4; count++) {
    const connection = await HttpConnection.open({ path })
    answers.add(JSON.parse((await connection.request({ path: '/' })).body).pid)
    connection.close()
  }
  t.strictSame([...answers].sort(), started().sort(), 'both answer')
  for (const pid of started()) server.signal('SIGTERM', pid)
  t.equal(await server.exitOf(server.pid), 0)
})

t.test('in a worker thread a stop drains and ends the thread, and a reload is refused', async (t) => {
  const server = await startServer(t, { script: 'worker-thread.cjs' })
  const connection = await HttpConnection.open(server.target())
  const refused = await connection.request({ method: 'POST', path: '/admin/reload' })
  t.match(refused, { status: 501, body: /"GRACEFUL_ERR_UNSUPPORTED".*in a worker thread/ })

  const slow = connection.send({ path: '/hold/slow' })
  await server.held('slow')
  await server.tell({ command: 'stop', reason: 'enough' })
  t.match(await server.event('draining'), { reason: 'enough', connections: 1 })
  await server.tell({ command: 'release', name: 'slow' })
  t.match(await slow.response, { status: 200, headers: { connection: 'close' } })
  t.match(await server.event('thread exit'), { code: 0 })
})

t.test('under the permission model a stop drains, and a reload is refused', async (t) => {
  const server = await startServer(t, { execArgv: PERMISSION_MODEL })
  const connection = await HttpConnection.open(server.target())
  const refused = await connection.request({ method: 'POST', path: '/admin/reload' })
  t.match(refused, { status: 501, body: /"GRACEFUL_ERR_UNSUPPORTED".*permission model.*--allow-child-process/ })
  t.equal(await server.stop(), 0)
})

t.test('on Windows a close drains, and a reload is refused', async (t) => {
  const app = Fastify()
  app.register(graceful)
  await app.listen({ port: 0, host: '127.0.0.1' })
  const { whyNoReload } = os
  const platform = Object.getOwnPropertyDescriptor(process, 'platform') as PropertyDescriptor
  os.whyNoReload = () => {
    Object.defineProperty(process, 'platform', { ...platform, value: 'win32' })
    try {
      return whyNoReload()
    } finally {
      Object.defineProperty(process, 'platform', platform)
    }
  }
  t.teardown(() => Object.assign(os, { whyNoReload }))
  const error = await app.gracefulReload().catch((error) => error)
  t.match(error, {
    code: 'GRACEFUL_ERR_UNSUPPORTED',
    statusCode: 501,
    message: 'cannot reload on Windows; restart the process instead'
  })
  t.equal(app.graceful.phase, 'serving')
  await app.close()
  t.equal(app.graceful.phase, 'closed')
})
