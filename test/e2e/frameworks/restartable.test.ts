import t from 'tap'
import { HttpConnection } from '../../support/connection.js'
import { Framework } from '../../support/frameworks.js'
import type { TestServer } from '../../support/server.js'
import { startServer, WAYS } from '../../support/start.js'

// `app.restart()` makes a new app on the server of the old one, and closes the old one. Its close does not end the
// listener.

const framework = new Framework('restartable', '@fastify/restartable@3')

for (const { settings, where } of WAYS) {
  t.test(`an app restarts, and the process goes on${where}`, { skip: framework.missing }, async (t) => {
    const server = await startServer(t, {
      ...settings,
      script: 'restartable.cjs',
      config: { options: { warmup: ['/'] } },
      prepare: (release) => framework.provide(release, '@fastify/restartable')
    })
    const [client, slow] = [await HttpConnection.open(server.target()), await HttpConnection.open(server.target())]
    const held = slow.send({ path: '/hold/before' })
    await server.held('before')

    await restart(server, client, 'B')
    await restart(server, client, 'C')
    await server.tell({ command: 'release', name: 'before' })
    t.match(JSON.parse((await held.response).body), { release: 'A', pid: server.pid })

    const second = await server.reload()
    t.match(await whoAnswers(client), { release: 'C', pid: second, generation: 2 })
    t.match(await whoAnswers(slow), { pid: second }, 'a connection on which the first app was busy moves as well')

    await restart(server, client, 'D')
    const failed = await client.request({ method: 'POST', path: '/restart?fails=yes' })
    t.equal(failed.status, 500)
    t.match(await whoAnswers(client), { release: 'D', pid: second })

    const third = await server.reload()
    t.match(await whoAnswers(client), { release: 'D', pid: third, generation: 3 })
    t.notOk(client.announced || slow.announced)
    await restart(server, client, 'E')
    client.close()
    slow.close()
    t.equal(await server.stop(), 0)
    const closes = (pid: number) => server.events((line) => line.fixture === 'onClose' && line.pid === pid)
    t.match(closes(third), [{ stops: false }, { stops: true }])
    t.strictSame(server.events('forced'), [])
    t.strictSame(server.events('warning'), [])

    async function restart(server: TestServer, connection: HttpConnection, release: string): Promise<void> {
      await server.release.configure({ release })
      const before = await whoAnswers(connection)
      t.match(await connection.request({ method: 'POST', path: '/restart' }), { status: 200, body: 'restarted' })
      t.match(await whoAnswers(connection), { ...before, release })
      const fresh = await HttpConnection.open(server.target())
      t.match(await whoAnswers(fresh), { ...before, release })
      fresh.close()
    }
  })
}

async function whoAnswers(connection: HttpConnection): Promise<Record<string, unknown>> {
  return JSON.parse((await connection.request({ path: '/' })).body)
}
