import t, { type Test } from 'tap'
import { checkFresh } from '../../support/admin.js'
import { HttpConnection, type Target } from '../../support/connection.js'
import { inodesOfPort } from '../../support/fds.js'
import { freePort } from '../../support/free-port.js'
import { nextChild } from '../../support/outcome.js'
import type { TestServer } from '../../support/server.js'
import { startServer } from '../../support/start.js'
import { untilLeft, untilTrue } from '../../support/tree.js'

t.jobs = 2

/** Limits that a slow machine does not reach before the story needs them. Milliseconds. */
const LIMITS = { readyTimeout: 20_000, drainTimeout: 10_000, probation: 500 }

/** What the new release waits for in its boot, until the file `go` is there. */
const GATES: Record<string, (server: TestServer) => Promise<void>> = {
  'before it loads the plugin': async (server) => {
    const script = await server.release.read('server.cjs')
    const wait = `const { say, standStill } = require('./app.cjs')
      say('boot', {})
      standStill('go')`
    await server.release.write('server.cjs', `${wait}\n${script}`)
  },
  'before it listens': (server) => server.release.configure({ boot: 'wait' }),
  'in a warm-up': (server) => server.release.write('server.cjs', SLOW_WARMUP)
}

const SLOW_WARMUP = `const { existsSync } = require('node:fs')
const { start, say } = require('./app.cjs')
const warmup = async () => {
  say('boot', {})
  while (!existsSync(__dirname + '/go')) await new Promise((resolve) => setTimeout(resolve, 5))
}
start({ Fastify: require('fastify'), graceful: require('fastify-graceful-reload'), options: () => ({ warmup }) })`

for (const [when, close] of Object.entries(GATES)) {
  for (const work of ['nothing', 'a request'] as const) {
    t.test(
      `no server outlives a launcher that is killed while a successor boots, ${when}, with ${work} in progress`,
      async (t) => {
        const { server, port } = await startOnPort(t)
        const busy = await HttpConnection.open(server.target())
        const slow = work === 'nothing' ? undefined : busy.send({ path: '/hold/slow' })
        if (slow !== undefined) await server.held('slow')
        await close(server)
        server.signal('SIGHUP', server.launcher)
        await nextChild(server)
        await server.event('boot')
        server.signal('SIGKILL', server.launcher)
        await server.eventOf(server.pid, 'draining')
        // It notices the end of the launcher as late as its own code allows.
        await server.release.write('go', '')
        await server.tell({ command: 'release', name: 'slow' }, server.pid)
        if (slow !== undefined) t.match(JSON.parse((await slow.response).body), { pid: server.pid })
        busy.close()
        await untilLeft(server, [])
        // A socket that no process has received is gone when the kernel has collected it.
        await untilTrue(server, 'end of the socket', () => inodesOfPort(port).length === 0)
        await checkNextLauncher(t, port)
      }
    )
  }
}

t.test('no server outlives a launcher that is killed as soon as it has started a successor', async (t) => {
  const { server, port } = await startOnPort(t)
  server.signal('SIGHUP', server.launcher)
  await nextChild(server)
  server.signal('SIGKILL', server.launcher)
  await untilLeft(server, [])
  await checkNextLauncher(t, port)
})

async function startOnPort(t: Test, port?: number): Promise<{ server: TestServer; port: number }> {
  const own = port ?? (await freePort())
  const config = { apps: [{ port: own, host: '127.0.0.1' }], options: LIMITS }
  return { server: await startServer(t, { launcher: [], config }), port: own }
}

/** Another launcher can start on the port, and serves there. */
async function checkNextLauncher(t: Test, port: number): Promise<void> {
  const { server } = await startOnPort(t, port)
  t.match(server.target(), { port } satisfies Partial<Target>)
  await checkFresh(t, server, server.pid)
  t.equal(await server.stop(), 0)
}
