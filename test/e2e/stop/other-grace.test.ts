import { join } from 'node:path'
import t from 'tap'
import { isNamed } from '../../support/output.js'
import { startProgram } from '../../support/program.js'
import { PACKAGE_ROOT } from '../../support/release.js'

t.test('a close-with-grace of the app does not end it on a reload signal, and still hears of a stop', async (t) => {
  const body = `
    require('close-with-grace')({ delay: 5000 }, async ({ signal }) => {
      say('the app closes', { signal })
      await app.close()
    })
    await app.listen({ port: 0, host: '127.0.0.1' })`
  const server = await startProgram(t, body, { link: join(PACKAGE_ROOT, 'node_modules/close-with-grace') })
  const first = server.current
  t.match(await server.eventOf(first, 'warning'), { warning: /^SIGHUP reloads: the close-with-grace of the app/ })
  const second = await server.reload()
  t.not(second, first)
  const third = await server.reload()
  t.equal(await server.stop(), 0)
  // The first two have left by running out of work, of which every close-with-grace is told.
  t.match(server.events('the app closes'), [
    { pid: first, signal: undefined },
    { pid: second, signal: undefined },
    { pid: third, signal: 'SIGTERM' }
  ])
  for (const pid of [first, second]) {
    const story = server.events(
      (line) => line.pid === pid && ['closed', 'the app closes'].some((name) => isNamed(line, name))
    )
    t.match(story, [{ graceful: 'closed' }, { fixture: 'the app closes' }])
  }
  t.equal(server.events('warning').length, 3, 'once in each generation')
})
