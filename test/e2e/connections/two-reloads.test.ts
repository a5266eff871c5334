import t from 'tap'
import type { HttpConnection } from '../../support/connection.js'
import { isAlive } from '../../support/fds.js'
import { checkMoved, factsOf, openIdle, openUnused, untilAt } from '../../support/moving.js'
import type { TestServer } from '../../support/server.js'
import { startServer, WAYS } from '../../support/start.js'
import { untilTrue } from '../../support/tree.js'

// A connection that was busy through several reloads goes the way of all of them: each generation stays until those before it have
// nothing left to pass on.

t.jobs = 2

const script = 'migration.cjs'
const config = { options: { probation: 100 } }

for (const { settings, where } of WAYS) {
  t.test(`a connection that was busy through three reloads moves on to the newest generation${where}`, async (t) => {
    const server = await startServer(t, { script, config, ...settings })
    const [busy] = (await openIdle(server.target(), 1)) as [HttpConnection]
    const answer = busy.send({ path: '/hold/busy' })
    await server.held('busy')
    const [first, second, third, fourth] = await reloadThrice(server)
    await server.tell({ command: 'release', name: 'busy' }, first)
    t.match(JSON.parse((await answer.response).body), { pid: first, generation: 1 })
    await untilAt(server, fourth, busy)
    t.match(await factsOf(busy), { pid: fourth, generation: 4 })
    for (const pid of [first, second, third]) t.equal(await server.exitOf(pid), 0)
    t.strictSame(server.events('forced'), [])
    await checkMoved(t, [busy], fourth)
    t.equal(await server.stop(), 0)
  })
}

t.test('a generation does not wait for one that has nothing to pass on', async (t) => {
  const server = await startServer(t, { script, config: { options: { ...config.options, connections: 'close' } } })
  const [busy] = (await openUnused(server.target(), 1)) as [HttpConnection]
  const answer = busy.send({ path: '/hold/busy' })
  await server.held('busy')
  const [first, second, third] = await reloadThrice(server)
  for (const pid of [second, third]) t.equal(await server.exitOf(pid), 0)
  await server.tell({ command: 'release', name: 'busy' }, first)
  t.match(await answer.response, { status: 200, headers: { connection: 'close' } })
  t.equal(await server.exitOf(first), 0)
  t.equal(await server.stop(), 0)
})

t.test('a generation in between that is killed loses nothing of what it had not been given', async (t) => {
  const server = await startServer(t, { script, config })
  const [busy] = (await openIdle(server.target(), 1)) as [HttpConnection]
  const answer = busy.send({ path: '/hold/busy' })
  await server.held('busy')
  const [first, second] = await reloadThrice(server)
  server.signal('SIGKILL', second)
  await untilTrue(server, `end of ${second}`, () => !isAlive(second))
  await server.tell({ command: 'release', name: 'busy' }, first)
  t.match(JSON.parse((await answer.response).body), { pid: first, generation: 1 })
  t.equal(await server.exitOf(first), 0)
  t.equal(await server.stop(), 0)
})

t.test('a stop of the service ends the generations that wait for what they could pass on', async (t) => {
  const server = await startServer(t, { script, config: { options: { ...config.options, drainTimeout: 60_000 } } })
  const [busy] = (await openIdle(server.target(), 1)) as [HttpConnection]
  const answer = busy.send({ path: '/hold/busy' })
  await server.held('busy')
  const [first, second, third] = await reloadThrice(server)
  const stopped = server.stop()
  for (const pid of [second, third]) t.equal(await server.exitOf(pid), 0)
  await server.tell({ command: 'release', name: 'busy' }, first)
  t.match(await answer.response, { status: 200 })
  t.equal(await stopped, 0)
})

/** Returns the pids of the four generations. */
async function reloadThrice(server: TestServer): Promise<[number, number, number, number]> {
  const pids = [server.current]
  for (const generation of [2, 3, 4]) {
    const done = server.eventOf(server.current, 'reload-succeeded')
    server.signal('SIGHUP')
    await done
    pids.push(await server.serving(generation))
  }
  return pids as [number, number, number, number]
}
