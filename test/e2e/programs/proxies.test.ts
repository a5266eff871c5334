import { join } from 'node:path'
import t, { type Test } from 'tap'
import { KeepAliveClient } from '../../support/clients.js'
import type { Target } from '../../support/connection.js'
import { Load } from '../../support/load.js'
import { EchoingWebSocket, UploadingClient, WaitingClient } from '../../support/mixed-clients.js'
import { PersistentClient } from '../../support/persistent-clients.js'
import { missingProxy } from '../../support/programs.js'
import { type ReverseProxy, startHaproxy, startNginx, type Upstreams } from '../../support/proxies.js'
import type { TestServer } from '../../support/server.js'
import { startServer } from '../../support/start.js'
import { tempFolder } from '../../support/temp-folder.js'
import { certificate, overTls } from '../../support/tls.js'

// Real proxies, which keep connections to the server for all their clients and try no request a second time.

const statusRoute = '/status/ready'

const PROXIES: Array<{
  name: string
  start(t: Test, upstreams: Upstreams): Promise<ReverseProxy>
  skip: string | false
}> = [
  { name: 'nginx', start: startNginx, skip: missingProxy('nginx') },
  {
    name: 'haproxy',
    // It asks, but leaves no server that is slow on a busy machine.
    start: (t, upstreams) => startHaproxy(t, upstreams, { statusRoute, interval: '2s fall 1000' }),
    skip: missingProxy('haproxy')
  }
]

for (const { name, start, skip } of PROXIES) {
  t.test(`${name}: no request fails by a reload, a failed one or a rollback`, { skip }, async (t) => {
    const server = await startMixed(t)
    const [tcp, unix, tls] = [server.target(0), server.target(1), overTls(server.target(2))]
    const proxy = await start(t, { tcp: [tcp], unix: [unix], tls: [tls] })
    const loads = await Promise.all(['tcp', 'unix', 'tls'].map((upstream) => load(proxy.target(upstream))))
    // WebSockets are closed when they have moved and the child gives up, and over TLS they do not move.
    const sockets = await Promise.all(['tcp', 'unix'].map((upstream) => webSockets(proxy.target(upstream))))
    const all = (wait: (load: Load) => Promise<void>) => Promise.all([...loads, ...sockets].map(wait))
    await all((load) => load.reached(1))

    await server.reload()
    await all((load) => load.reached(2))
    await failReload(t, server)
    await all((load) => load.answered(50))
    for (const load of sockets) t.match(await load.stop(), { failures: [], connectionsClosed: 0 })
    await rollBack(server)
    await Promise.all(loads.map((load) => load.answered(50)))
    await server.reload()
    await Promise.all(loads.map((load) => load.reached(3)))

    for (const load of loads) {
      const { requests, failures, connectionsClosed } = await load.stop()
      t.strictSame(failures, [], `${requests} requests\n${proxy.log()}`)
      t.equal(connectionsClosed, 0)
    }
    t.equal(await server.stop(), 0)
  })
}

t.test(
  'haproxy: a server that is stopped as a lame duck is left in time',
  { skip: missingProxy('haproxy') },
  async (t) => {
    const servers = [await startMixed(t, 2_500), await startMixed(t, 2_500)] as const
    const upstreams = { tcp: servers.map((server) => server.target(0)) }
    const proxy = await startHaproxy(t, upstreams, { statusRoute, interval: '1s fall 1' })
    const running = await load(proxy.target('tcp'))
    await running.answered(50)
    t.equal(await servers[0].stop(), 0)
    await running.answered(50)
    const { requests, failures } = await running.stop()
    t.strictSame(failures, [], `${requests} requests\n${proxy.log()}`)
    t.equal(await servers[1].stop(), 0)
  }
)

async function startMixed(t: Test, lameDuck = 0): Promise<TestServer> {
  const local = { port: 0, host: '127.0.0.1' }
  const path = join(await tempFolder(t), 'app.sock')
  return startServer(t, {
    script: 'mixed.cjs',
    config: {
      options: { probation: 500, drainTimeout: 10_000, lameDuck, statusRoute },
      apps: [local, { path }, local],
      extra: { fastify: [{}, {}, { https: certificate() }] }
    }
  })
}

/** Clients of the proxy: POST above all, on connections that the proxy must not close. */
async function load(target: Target): Promise<Load> {
  const clients = [...(await PersistentClient.openMany(target, 4)), new KeepAliveClient(target)]
  return new Load([...clients, await UploadingClient.open(target), await WaitingClient.open(target)], { pause: 10 })
}

async function webSockets(target: Target): Promise<Load> {
  return new Load([await EchoingWebSocket.open(target), await EchoingWebSocket.open(target)], { pause: 10 })
}

async function failReload(t: Test, server: TestServer): Promise<void> {
  const good = await server.release.read('config.json')
  await server.release.configure({ boot: 'throw' })
  server.signal('SIGHUP')
  t.match(await server.event('reload-failed'), { pid: server.current, err: { code: 'GRACEFUL_ERR_CHILD_EXITED' } })
  await server.release.write('config.json', good)
}

/** The child gives the service back, and finishes what it has. */
async function rollBack(server: TestServer): Promise<void> {
  const parent = server.current
  server.signal('SIGHUP', parent)
  const child = await server.serving(3)
  await server.eventOf(parent, 'handed-over')
  await server.tell({ command: 'rollback', reason: 'the test says so' }, child)
  await server.eventOf(parent, 'rolled-back')
  await server.exitOf(child)
}
