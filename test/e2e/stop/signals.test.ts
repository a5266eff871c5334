import t, { type Test } from 'tap'
import { HttpConnection } from '../../support/connection.js'
import type { Line } from '../../support/output.js'
import type { Release } from '../../support/release.js'
import type { TestServer } from '../../support/server.js'
import { startServer } from '../../support/start.js'
import { untilLeft } from '../../support/tree.js'

// Most of the time they wait for the end of a probation.
t.jobs = 2

/** Boots until the test lets it go on: when the file `go` appears. */
const SLOW_BOOT = `
require('./app.cjs').say('boot', {})
const { existsSync } = require('node:fs')
while (!existsSync(__dirname + '/go')) Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 5)
require('./server.cjs')
`

async function start(t: Test, probation = 1_500): Promise<TestServer> {
  return startServer(t, {
    script: 'slow.cjs',
    config: { options: { probation } },
    prepare: async (release) => {
      await release.write('slow.cjs', SLOW_BOOT)
      await release.write('go', '')
      return undefined
    }
  })
}

/** Begins a reload; returns the pid of the child, whose boot waits for the file `go`. */
async function beginReload(server: TestServer): Promise<number> {
  await server.release.remove('go')
  server.signal('SIGHUP')
  await server.eventOf(server.pid, 'reload-started')
  const test = (line: { fixture?: string; pid: number }) => line.fixture === 'boot' && line.pid !== server.pid
  return (await server.event({ what: 'boot of the child', test })).pid
}

/** One generation more, and no other one: it serves alone, with the newest code. */
async function expectLast(t: Test, server: TestServer, generation: number): Promise<void> {
  const last = await server.serving(generation)
  await untilLeft(server, [last])
  const connection = await HttpConnection.open(server.target())
  t.match(JSON.parse((await connection.request({ path: '/' })).body), { pid: last, generation, release: 'C' })
  connection.close()
  // If a reload were still to come, the process would not leave like this.
  t.equal(await server.stop(), 0)
  t.equal(server.events('serving').length, generation)
  t.equal(server.events('reload-started').length, generation - 1)
}

type Moment = (server: TestServer, child: number) => Promise<number[]>

/** When the second signal comes, and to which process. */
const MOMENTS: Record<string, Moment> = {
  'to the parent while the child boots': async (server) => [server.pid],
  'to the parent during the probation': async (server) => {
    await server.release.write('go', '')
    await server.eventOf(server.pid, 'handed-over')
    return [server.pid]
  },
  'to the child during the probation': async (server, child) => {
    await server.release.write('go', '')
    await server.eventOf(child, 'serving')
    return [child]
  },
  'to both during the probation': async (server, child) => {
    await server.release.write('go', '')
    await server.eventOf(server.pid, 'handed-over')
    return [server.pid, child]
  },
  'to the child that is about to be ready': async (server, child) => {
    await server.release.write('go', '')
    await server.eventOf(child, 'adopted')
    return [child]
  }
}

for (const [when, moment] of Object.entries(MOMENTS)) {
  t.test(`reload signals ${when} are one more reload`, async (t) => {
    const server = await start(t)
    await server.release.configure({ release: 'B' })
    const child = await beginReload(server)
    const pids = await moment(server, child)
    await server.release.configure({ release: 'C' })
    for (let times = 0; times < 3; times += 1) for (const pid of pids) server.signal('SIGHUP', pid)
    await Promise.race(pids.map((pid) => server.eventOf(pid, 'reload-queued')))
    await server.release.write('go', '')
    await expectLast(t, server, 3)
  })
}

t.test('a reload signal to a child that cannot hear it yet is one more reload', async (t) => {
  const server = await start(t)
  await server.release.configure({ release: 'B' })
  const child = await beginReload(server)
  await server.release.configure({ release: 'C' })
  server.signal('SIGHUP', child)
  await server.eventOf(server.pid, 'reload-failed')
  await server.release.write('go', '')
  await server.serving(2)
  await untilLeft(server, [server.current])
  const connection = await HttpConnection.open(server.target())
  t.match(JSON.parse((await connection.request({ path: '/' })).body), { generation: 2, release: 'C' })
  connection.close()
  t.equal(await server.stop(), 0)
})

t.test('a reload signal to a parent that drains is made by the child', async (t) => {
  const server = await start(t, 0)
  const connection = await HttpConnection.open(server.target())
  const held = connection.send({ path: '/hold/slow' })
  await server.held('slow')
  server.signal('SIGHUP', server.pid)
  await server.eventOf(server.pid, 'draining')
  await server.release.configure({ release: 'C' })
  server.signal('SIGHUP', server.pid)
  const last = await server.serving(3)
  server.signal('SIGHUP', server.pid)
  await server.tell({ command: 'release', name: 'slow' }, server.pid)
  t.equal((await held.response).status, 200)
  t.ok(last)
  connection.close()
})

t.test('a caller during a reload gets the outcome of the next one, from the process that it asked', async (t) => {
  const server = await start(t)
  await server.release.configure({ release: 'B' })
  const [one, other] = [await HttpConnection.open(server.target()), await HttpConnection.open(server.target())]
  const first = one.send({ method: 'POST', path: '/admin/reload' })
  await server.eventOf(server.pid, 'reload-started')
  await server.release.configure({ release: 'C' })
  const second = other.send({ method: 'POST', path: '/admin/reload' })
  const [result, next] = (await Promise.all([first.response, second.response])).map(({ body }) => JSON.parse(body))
  t.match(result, { generation: 2, previous: { generation: 1, pid: server.pid } })
  t.match(next, { generation: 3, previous: { generation: 2, pid: result.pid } })
  t.equal(next.pid, await server.serving(3))
  one.close()
  other.close()
  await expectLast(t, server, 3)
})

t.test('if the first reload fails, the second one is made by the same process', async (t) => {
  const server = await start(t)
  const child = await beginReload(server)
  await server.release.configure({ release: 'C' })
  await server.tell({ command: 'reload', reason: 'second' }, server.pid)
  await server.eventOf(server.pid, 'reload-queued')
  server.signal('SIGKILL', child)
  await server.eventOf(server.pid, 'reload-failed')
  await server.release.write('go', '')
  t.match(await server.eventOf(server.pid, 'reloaded'), {
    result: { generation: 2, previous: { generation: 1, pid: server.pid }, reason: 'second' }
  })
})

/** Takes its time to undo what preReload did: until the file `undone` appears. */
const SLOW_UNDOING = `
const { existsSync } = require('node:fs')
const Fastify = require('fastify')
const createApp = (options) => {
  const app = Fastify(options)
  return app.addHook('onReady', async () => {
    app.graceful.addHook('reloadFailed', async () => {
      while (!existsSync(__dirname + '/undone')) await new Promise((resolve) => setTimeout(resolve, 5))
    })
  })
}
require('./app.cjs').start({ Fastify: Object.assign(createApp, Fastify), graceful: require('fastify-graceful-reload') })
`

t.test('a reload signal while hooks still deal with a rollback begins a reload like any other', async (t) => {
  const prepare = async (release: Release) => {
    await release.write('undoing.cjs', SLOW_UNDOING)
    return undefined
  }
  const config = { options: { probation: 5_000 } }
  const server = await startServer(t, { config, script: 'undoing.cjs', prepare })
  server.signal('SIGHUP')
  server.signal('SIGKILL', await server.takenOver(await server.serving(2)))
  await server.eventOf(server.pid, 'rolled-back')
  await server.release.configure({ release: 'C' })
  server.signal('SIGHUP', server.pid)
  const isSecond = (line: Line) => line.graceful === 'handed-over' && line.child !== server.pids[1]
  const second = Number((await server.event({ what: 'second handoff', test: isSecond })).child)
  await server.release.write('undone', '')
  t.match(await server.eventOf(server.pid, 'reload-succeeded'), { result: { generation: 2, pid: second } })
  await untilLeft(server, [second])
  t.equal(await server.stop(), 0)
})
