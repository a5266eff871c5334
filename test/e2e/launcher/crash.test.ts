import { existsSync } from 'node:fs'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { checkFresh } from '../../support/admin.js'
import { FreshClient } from '../../support/clients.js'
import { HttpConnection } from '../../support/connection.js'
import { isAlive, listeningInodes } from '../../support/fds.js'
import { Load } from '../../support/load.js'
import type { Line } from '../../support/output.js'
import { FORCIBLE } from '../../support/release.js'
import type { TestServer } from '../../support/server.js'
import { launchServer, startServer } from '../../support/start.js'
import { tempFolder } from '../../support/temp-folder.js'
import { untilLeft } from '../../support/tree.js'

t.jobs = 2

/** Waits until a server serves that did not serve when `known` was made; returns its pid. */
async function nextServer(server: TestServer, known: number[]): Promise<number> {
  const test = ({ fixture, pid }: Line) => fixture === 'started' && !known.includes(pid)
  return (await server.event({ what: `server that is none of ${known}`, test })).pid
}

async function start(t: Test, options = {}): Promise<TestServer> {
  return startServer(t, { launcher: [], config: { options: { probation: 10_000, ...options } } })
}

t.test('kill -9 of the server: no new connection is refused or lost, again and again', async (t) => {
  const server = await startServer(t, { launcher: [] })
  const sockets = listeningInodes(server.pid)
  const victims: number[] = []
  while (victims.length < 3) {
    const victim = server.current
    victims.push(victim)
    // Connections that have not been accepted when the server dies wait in the queue of the socket.
    server.signal('SIGSTOP', victim)
    const waiting = await Promise.all(Array.from({ length: 50 }, () => HttpConnection.open(server.target())))
    const answers = waiting.map((connection) => connection.request({ path: '/' }))
    server.signal('SIGKILL', victim)
    const load = new Load([new FreshClient(server.target())], { pause: 1 })
    const bodies = (await Promise.all(answers)).map(({ body }) => JSON.parse(body))
    t.notOk(
      bodies.some(({ pid }) => pid === victim),
      'those that nobody had accepted are answered by the next server'
    )
    await load.answered(10)
    const { failures } = await load.stop()
    t.strictSame(failures, [], 'and those that come in the meantime as well')
    for (const connection of waiting) connection.close()
    t.equal(await nextServer(server, victims), server.current)
    t.strictSame(listeningInodes(server.current), sockets, 'on the same socket')
    t.match(server.events('serving').at(-1), { generation: 1 })
  }
  await server.reload()
  t.match(server.events('serving').at(-1), { generation: 2 }, 'and a reload works as ever')
  t.equal(await server.stop(), 0)
})

t.test('an uncaught error: the next server starts at once, while the old one finishes', async (t) => {
  const server = await start(t)
  const first = server.pid
  const busy = await HttpConnection.open(server.target())
  const slow = busy.send({ path: '/hold/slow' })
  await server.held('slow')
  await server.tell({ command: 'throw', message: 'boom' }, first)
  await server.said(/server \d+ has failed and is leaving: starting another one in 0 ms/)
  const second = await nextServer(server, [first])
  await checkFresh(t, server, second)
  t.equal(isAlive(first), true)
  await server.tell({ command: 'release', name: 'slow' }, first)
  t.match(JSON.parse((await slow.response).body), { pid: first })
  busy.close()
  t.equal(await server.exitOf(first), 1)
  await untilLeft(server, [server.launcher, second])
  t.equal(await server.stop(), 0)
})

t.test('crash after crash: the pauses grow, the launcher goes on, and the next good release serves', async (t) => {
  const path = join(await tempFolder(t), 'socket')
  const settings = { launcher: [], config: { apps: [{ path }], options: { probation: 100 } } }
  const server = await startServer(t, settings)
  await server.release.configure({ boot: 'throw' })
  server.signal('SIGKILL', server.pid)
  await server.said(/was killed by SIGKILL \(.*\): starting another one in 0 ms/)
  // Each may be shorter by a fifth.
  for (const pause of ['([89]\\d|100)', '(1[6-9]\\d|200)', '(3[2-9]\\d|400)', '([67]\\d\\d|800)'])
    await server.said(new RegExp(`exited with code 1: .* in ${pause} ms`))
  await server.said(/exited with code 1: starting another one in 1\d\d\d ms/)
  t.equal(existsSync(path), true, 'the path survives all crashes')
  const waiting = await HttpConnection.open({ path })
  const answer = waiting.request({ path: '/' })
  await server.release.configure({ boot: 'none', release: 'good' })
  t.match(JSON.parse((await answer).body), { release: 'good' }, 'a client waited for it')
  waiting.close()
  t.equal(await server.stop(), 0)
  t.equal(existsSync(path), false)
})

t.test('a server that is killed again and again is started again and again', async (t) => {
  const server = await startServer(t, { launcher: [] })
  const killed: number[] = []
  while (killed.length < 7) {
    const pid = killed.length === 0 ? server.pid : await nextServer(server, killed)
    killed.push(pid)
    server.signal('SIGSEGV', pid)
  }
  await checkFresh(t, server, await nextServer(server, killed))
  t.equal(await server.stop(), 0)
})

t.test('SIGHUP in the pause before a restart starts a server at once, with a new count', async (t) => {
  const server = await start(t, { probation: 100 })
  await server.release.configure({ boot: 'throw' })
  server.signal('SIGKILL', server.pid)
  await server.said(/starting another one in ([67]\d\d|800) ms/)
  await server.release.configure({ boot: 'none', release: 'good' })
  server.signal('SIGHUP', server.launcher)
  // On a slow machine, the next server may have been started by then.
  await server.said(
    /reload \(SIGHUP\): (no server runs|server \d+ has not loaded .*); waiting for a server that serves/
  )
  // A reload was requested. The started server makes it, because it may have read the old code.
  const pid = await server.serving(2)
  await untilLeft(server, [server.launcher, pid])
  await checkFresh(t, server, pid, 'good')
  t.equal(await server.stop(), 0)
})

for (const signal of ['SIGTERM', 'SIGUSR2'] as const) {
  t.test(`${signal} in the pause before a restart ends the launcher, as the last server ended`, async (t) => {
    const server = await start(t, FORCIBLE)
    await server.release.configure({ boot: 'throw' })
    server.signal('SIGKILL', server.pid)
    await server.said(/starting another one in ([67]\d\d|800) ms/)
    server.signal(signal, server.launcher)
    t.strictSame(await server.waitFor(server.exit, 'end of the launcher'), { code: 1, signal: null })
  })
}

t.test('a server that hangs in its boot after a crash is killed, and the next one gets its chance', async (t) => {
  const server = await start(t, { readyTimeout: 8_000 })
  await server.release.configure({ boot: 'hang' })
  server.signal('SIGKILL', server.pid)
  const { pid } = await server.event('boot')
  await server.release.configure({ boot: 'none' })
  await server.said(new RegExp(`server ${pid} does not serve within 8000 ms: killing it`))
  await checkFresh(t, server, await nextServer(server, [server.pid]))
  t.equal(await server.stop(), 0)
})

t.test('the parent crashes while its child boots: the child serves', async (t) => {
  const server = await start(t)
  const { pid } = server
  const script = await server.release.read('server.cjs')
  const wait = `const { existsSync } = require('node:fs')
    while (!existsSync(__dirname + '/go')) Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 5)`
  await server.release.write('server.cjs', `'use strict'\n${wait}\n${script}`)
  server.signal('SIGHUP', server.launcher)
  const { child } = await server.eventOf(pid, 'reload-started')
  server.signal('SIGKILL', pid)
  const waiting = await HttpConnection.open(server.target())
  const answer = waiting.request({ path: '/' })
  await server.said(/reload \(SIGHUP\) failed: .*was killed by SIGKILL/)
  await server.release.write('go', '')
  t.match(JSON.parse((await answer).body), { pid: child, generation: 2 })
  waiting.close()
  t.equal(await server.stop(), 0)
})

t.test('both processes of a reload crash in the probation: a third one serves', async (t) => {
  const server = await start(t)
  server.signal('SIGHUP', server.launcher)
  const { child } = await server.eventOf(server.pid, 'handed-over')
  for (const pid of [server.pid, Number(child)]) server.signal('SIGKILL', pid)
  await checkFresh(t, server, await nextServer(server, [server.pid, Number(child)]))
  t.equal(await server.stop(), 0)
})

for (const end of ['SIGKILL', 'throw'] as const) {
  t.test(`the parent crashes in the probation (${end}): the child serves on, and a stop ends all`, async (t) => {
    const server = await start(t)
    const busy = await HttpConnection.open(server.target())
    const slow = busy.send({ path: '/hold/slow' }).response.catch(() => undefined)
    await server.held('slow')
    server.signal('SIGHUP', server.launcher)
    const { child } = await server.eventOf(server.pid, 'handed-over')
    if (end === 'throw') await server.tell({ command: 'throw', message: 'boom' }, server.pid)
    else server.signal('SIGKILL', server.pid)
    await server.said(/reload \(SIGHUP\) failed/)
    await checkFresh(t, server, Number(child))
    if (end === 'throw') t.equal(isAlive(server.pid), true, 'it still has a request in progress')
    server.signal('SIGTERM', server.launcher)
    t.equal(await server.exitOf(Number(child)), 0)
    if (end === 'throw') await server.tell({ command: 'release', name: 'slow' }, server.pid)
    await server.waitFor(server.exit, 'end of the launcher')
    await slow
    busy.close()
  })
}

t.test('a crash while connections move costs the moved connections, and no other', async (t) => {
  const config = { options: { probation: 20_000 } }
  const server = await startServer(t, { launcher: [], script: 'migration.cjs', config })
  const connections = await Promise.all(Array.from({ length: 40 }, () => HttpConnection.open(server.target())))
  await Promise.all(connections.map((connection) => connection.request({ path: '/' })))
  server.signal('SIGHUP', server.launcher)
  const { child } = await server.eventOf(server.pid, 'handed-over')
  server.signal('SIGKILL', Number(child))
  await server.event('rolled-back')
  // Connections that had not begun to move are answered. Those that were on their way belong to the parent again.
  await checkFresh(t, server, server.pid)
  const moved = server.events((line) => line.fixture === 'connected' && line.pid === child).map(({ port }) => port)
  const others = connections.filter(({ localPort }) => !moved.includes(localPort))
  t.ok(others.length > 0, `${others.length} had not moved`)
  const answers = await Promise.allSettled(others.map((connection) => connection.request({ path: '/' })))
  const lost = answers.filter((answer) => answer.status === 'rejected' || answer.value.status !== 200)
  t.ok(lost.length <= 1, `at most one that the child had taken and could not tell of any more: ${lost.length}`)
  for (const connection of connections) connection.close()
  t.equal(await server.stop(), 0)
})

t.test('a first server that crashes before it serves is not started again', async (t) => {
  const server = await launchServer(t, { launcher: [], config: { boot: 'throw' } })
  t.strictSame(await server.waitFor(server.exit, 'end of the launcher'), { code: 1, signal: null })
  t.equal(server.events('boot').length, 1)
})
