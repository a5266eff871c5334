import t from 'tap'
import { startServer } from '../../support/start.js'

t.test('a duration that looks like seconds is doubted once by each generation, and is used', async (t) => {
  // Two apps and several listeners, of one mind.
  const apps = [
    { port: 0, host: 'localhost' },
    { port: 0, host: '127.0.0.1' }
  ]
  const server = await startServer(t, { config: { apps, options: { drainTimeout: 20 } } })
  await server.reload()
  for (const pid of [server.pid, server.current])
    t.match(
      server.events((line) => line.pid === pid && line.graceful === 'warning'),
      [{ warning: 'option drainTimeout is 20 milliseconds; if seconds are meant, it must be 20000' }]
    )
  t.equal(await server.stop(), 0)
})
