import t from 'tap'
import type { HttpConnection } from '../../support/connection.js'
import { isAlive } from '../../support/fds.js'
import { checkMoved, factsOf, openIdle, openUnused, untilAt } from '../../support/moving.js'
import type { TestServer } from '../../support/server.js'
import { startServer, WAYS } from '../../support/start.js'
import { untilTrue } from '../../support/tree.js'

// A connection that was busy through several reloads passes through all generations. So each generation stays until the
// earlier ones have nothing left to pass on.

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

for (const { settings, where } of WAYS) {
  t.test(`a generation that finishes what it has outlives the one before it${where}`, async (t) => {
    const server = await startServer(t, { script, config, ...settings })
    const first = server.current
    const [one] = (await openIdle(server.target(), 1)) as [HttpConnection]
    const oldest = one.send({ path: '/hold/one' })
    await server.held('one')
    const second = await reload(server, 2)
    const [two] = (await openIdle(server.target(), 1)) as [HttpConnection]
    const older = two.send({ path: '/hold/two' })
    await server.held('two')
    await reload(server, 3)
    await server.tell({ command: 'release', name: 'one' }, first)
    t.match(JSON.parse((await oldest.response).body), { pid: first, generation: 1 })
    t.equal(await server.exitOf(first), 0)
    // The launcher learns about that end before it gets another reload.
    await reload(server, 4)
    await server.tell({ command: 'release', name: 'two' }, second)
    t.match(JSON.parse((await older.response).body), { pid: second, generation: 2 })
    t.equal(await server.exitOf(second), 0)
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
  // Until it has heard of that end, it does not ask the client to leave.
  while (!busy.announced) t.match(await factsOf(busy), { pid: first })
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
  for (const generation of [2, 3, 4]) pids.push(await reload(server, generation))
  return pids as [number, number, number, number]
}

/** Returns the pid of the new generation. */
async function reload(server: TestServer, generation: number): Promise<number> {
  const done = server.eventOf(server.current, 'reload-succeeded')
  server.signal('SIGHUP')
  await done
  return server.serving(generation)
}
