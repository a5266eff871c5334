import { join } from 'node:path'
import t from 'tap'
import { HttpConnection } from '../../support/connection.js'
import { startProgram } from '../../support/program.js'
import { PACKAGE_ROOT } from '../../support/release.js'

/** As in the template of fastify-cli, whose delay is shorter than any request of this test. */
const BODY = `
  const { once } = require('node:events')
  const closeWithGrace = require('close-with-grace')
  closeWithGrace({ delay: 500 }, async ({ signal, err }) => {
    say('the app closes', { signal, error: err?.message })
    await app.close()
  })
  // Answered when the delay would have been over long ago.
  app.get('/slow', async () => {
    say('in progress', {})
    await once(app.graceful.signal, 'abort')
    await new Promise((resolve) => setTimeout(resolve, 1500))
    return 'finished'
  })
  app.get('/reject', async () => {
    setImmediate(() => Promise.reject(new Error('boom')))
    return 'rejected'
  })
  await app.listen({ port: 0, host: '127.0.0.1' })
  here('app', app.server)`

const link = join(PACKAGE_ROOT, 'node_modules/close-with-grace')

t.test('a close-with-grace of the app is called when all is finished, after a reload and at a stop', async (t) => {
  const server = await startProgram(t, BODY, { link })
  const pids = [server.current]
  for (const _ of [1, 2]) pids.push(await server.reload())
  const connection = await HttpConnection.open(server.target())
  const slow = connection.send({ path: '/slow' })
  await server.event('in progress')
  server.signal('SIGTERM')
  t.match(await slow.response, { status: 200, body: 'finished' })
  t.equal(await server.exitOf(server.current), 0)
  t.match(
    server.events('the app closes'),
    pids.map((pid, at) => ({ pid, signal: at === 2 ? 'SIGTERM' : undefined }))
  )
  for (const pid of pids) {
    const isOfStory = (name: string) => ['closed', 'the app closes'].includes(name)
    const story = server.events((line) => line.pid === pid && isOfStory(String(line.graceful ?? line.fixture)))
    t.match(story, [{ graceful: 'closed' }, { fixture: 'the app closes' }])
  }
  t.strictSame(server.events('warning'), [])
})

t.test('the same applies after an uncaught error', async (t) => {
  const server = await startProgram(t, BODY, { link })
  const [connection, other] = [await HttpConnection.open(server.target()), await HttpConnection.open(server.target())]
  const slow = connection.send({ path: '/slow' })
  await server.event('in progress')
  await other.request({ path: '/reject' })
  t.match(await slow.response, { status: 200, body: 'finished' })
  t.equal(await server.exitOf(server.pid), 1)
  t.match(server.events('the app closes'), [{ error: 'boom' }])
})
