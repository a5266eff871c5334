import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import t from 'tap'
import { checkAt, handedOver, rolledBack, untilBack } from '../../support/coming-back.js'
import type { HttpConnection } from '../../support/connection.js'
import { clientPorts, HAS_PROC, isAlive, listFds } from '../../support/fds.js'
import { openIdle, untilAt } from '../../support/moving.js'
import type { Line } from '../../support/output.js'
import { PERMISSION_MODEL } from '../../support/permission.js'
import type { TestServer } from '../../support/server.js'
import { type ServerSettings, startServer } from '../../support/start.js'
import { tempFolder } from '../../support/temp-folder.js'
import { untilTrue } from '../../support/tree.js'

/**
 * What a probation leaves in the system: the file in which the child notes its requests in progress, and
 * descriptors.
 */

const skip = HAS_PROC ? false : 'needs /proc'

const settings: ServerSettings = {
  script: 'migration.cjs',
  config: { options: { probation: 300 }, staysOnProbation: true }
}

/** Whether a process has the file open that is written on probation. */
function hasRegister(pid: number): boolean {
  return [...listFds(pid).values()].some((link) => link.includes('fastify-graceful-reload-'))
}

/** Waits until nothing is left of the file, and each of these processes has no more of the connections than these. */
async function untilClean(server: TestServer, folder: string, pids: number[], connections: HttpConnection[]) {
  await untilTrue(server, 'processes without the file', () => !pids.some(hasRegister))
  const { port } = server.target() as { port: number }
  const expected = connections.map(({ localPort }) => Number(localPort)).sort()
  const ports = () => pids.flatMap((pid) => clientPorts(pid, port).filter((other) => other !== 0))
  await untilTrue(server, 'one copy of each connection', () => `${ports().sort()}` === `${expected}`)
  const files = await readdir(folder)
  return files.filter((name) => name.startsWith('fastify-graceful-reload-'))
}

const ENDS: Record<string, (server: TestServer, child: number) => Promise<number[]>> = {
  'the child has crashed': async (server, child) => {
    process.kill(child, 'SIGKILL')
    await rolledBack(server)
    return [server.pid]
  },
  'the child has given the service back': async (server, child) => {
    await server.tell({ command: 'rollback', reason: 'bad' }, child)
    await rolledBack(server)
    await server.exitOf(child)
    return [server.pid]
  },
  'the parent has been killed': async (server, child) => {
    process.kill(server.pid, 'SIGKILL')
    await untilTrue(server, 'end of the parent', () => !isAlive(server.pid))
    return [child]
  },
  'the service was stopped': async (server, child) => {
    server.signal('SIGTERM', server.pid)
    await server.exitOf(child)
    await server.exitOf(server.pid)
    return []
  }
}

for (const [how, end] of Object.entries(ENDS)) {
  t.test(`when ${how}, no file and no copy of a connection is left`, { skip }, async (t) => {
    const folder = await tempFolder(t)
    const server = await startServer(t, { ...settings, env: { TMPDIR: folder } })
    const connections = await openIdle(server.target(), 20)
    server.signal('SIGHUP')
    const child = await handedOver(server)
    for (const connection of connections) await untilAt(server, child, connection)
    t.ok(hasRegister(server.pid))
    t.ok(hasRegister(child))
    const left = await end(server, child)
    t.strictSame(await untilClean(server, folder, left, left.length > 0 ? connections : []), [])
    if (left[0] !== undefined) await checkAt(t, connections, left[0])
    for (const connection of connections) connection.close()
  })
}

t.test('what moves after a reload has succeeded is noted nowhere', { skip }, async (t) => {
  const folder = await tempFolder(t)
  const config = { ...settings.config, staysOnProbation: false }
  const server = await startServer(t, { ...settings, config, env: { TMPDIR: folder } })
  const connections = await openIdle(server.target(), 10)
  const [held, idle] = connections as [HttpConnection, HttpConnection]
  const exchange = held.send({ path: '/hold/parent' })
  await server.held('parent')
  server.signal('SIGHUP')
  const child = await handedOver(server)
  await untilAt(server, child, idle)
  await untilTrue(server, 'a child without the file', () => server.current === child && !hasRegister(child))
  const names = ['one', 'two', 'three', 'four']
  for (const name of names) t.equal((await idle.request({ method: 'POST', path: `/open/${name}` })).status, 200)
  await server.tell({ command: 'release', name: 'parent' }, server.pid)
  t.match(JSON.parse((await exchange.response).body), { pid: server.pid })
  await untilAt(server, child, held)
  await checkAt(t, connections, child)
  const files = await Promise.all(names.map((name) => server.release.read(name)))
  t.strictSame(new Set(files), new Set(['x'.repeat(100)]), 'what the app has open now is untouched')
  await server.exitOf(server.pid)
  t.strictSame(await untilClean(server, folder, [child], connections), [])
  for (const connection of connections) connection.close()
  t.equal(await server.stop(), 0)
})

const UNWRITABLE: Record<string, (folder: string) => ServerSettings> = {
  'without a folder for temporary files': (folder) => ({ env: { TMPDIR: join(folder, 'missing') } }),
  'under the permission model': () => ({ execArgv: [...PERMISSION_MODEL, '--allow-child-process', '--allow-addons'] })
}

for (const [where, further] of Object.entries(UNWRITABLE)) {
  t.test(`${where}, connections move, and come back from a child that lives`, async (t) => {
    const folder = await tempFolder(t)
    const server = await startServer(t, { ...settings, ...further(folder) })
    const connections = await openIdle(server.target(), 5)
    for (const round of [1, 2]) {
      server.signal('SIGHUP', server.pid)
      const child = await handedOver(server, round)
      for (const connection of connections) await untilAt(server, child, connection)
      if (round === 1) {
        await server.tell({ command: 'rollback', reason: 'bad' }, child)
        await rolledBack(server)
        for (const connection of connections) await untilBack(server, connection)
        await checkAt(t, connections, server.pid)
      } else process.kill(child, 'SIGKILL')
    }
    for (const connection of connections) t.not(await connection.closed, 'by the client')
    await rolledBack(server, 2)
    const isTold = ({ warning }: Line) => /the connections that have moved to it are lost/.test(String(warning))
    await server.heard(server.pid)
    t.equal(server.events('warning').filter(isTold).length, 1)
    t.equal(await server.stop(), 0)
  })
}
