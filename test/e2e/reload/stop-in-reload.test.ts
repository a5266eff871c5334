import t, { type Test } from 'tap'
import { HttpConnection } from '../../support/connection.js'
import { FORCIBLE } from '../../support/release.js'
import type { TestServer } from '../../support/server.js'
import { startServer } from '../../support/start.js'
import { untilLeft, untilQuiet } from '../../support/tree.js'

/**
 * A second release that boots, and a preReload hook that returns, when the file `go` appears. With the file `stop`, that
 * hook stops the server in the next turn of the event loop.
 */
const SLOW = `
const { ChildProcess } = require('node:child_process')
const { existsSync } = require('node:fs')
const Fastify = require('fastify')
const { start, say } = require('./app.cjs')
const waits = () => !existsSync(__dirname + '/go')
say('boot', {})
const { spawn } = ChildProcess.prototype
ChildProcess.prototype.spawn = function (...settings) {
  say('starts', {})
  return spawn.apply(this, settings)
}
while (!existsSync(__dirname + '/hook') && waits()) Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 5)
const createApp = (options) => {
  const app = Fastify(options)
  return app.addHook('onReady', async () => {
    app.graceful.addHook('preReload', async () => {
      say('in preReload', {})
      if (existsSync(__dirname + '/stop')) setImmediate(() => app.graceful.stop('a person'))
      while (existsSync(__dirname + '/hook') && waits()) await new Promise((resolve) => setTimeout(resolve, 5))
    })
  })
}
start({ Fastify: Object.assign(createApp, Fastify), graceful: require('fastify-graceful-reload') })
`

async function start(t: Test, options = {}): Promise<TestServer> {
  return startServer(t, {
    script: 'slow.cjs',
    config: { options: { probation: 10_000, ...options } },
    prepare: async (release) => {
      await release.write('slow.cjs', SLOW)
      await release.write('go', '')
      return undefined
    }
  })
}

/** Brings a reload to a stage and keeps it there; returns the pid of the child, if there is one. */
type Stage = (server: TestServer) => Promise<number | undefined>

async function begin(server: TestServer): Promise<number> {
  server.signal('SIGHUP', server.pid)
  return Number((await server.eventOf(server.pid, 'reload-started')).child)
}

const STAGES: Record<string, Stage> = {
  'in a preReload hook': async (server) => {
    await server.release.write('hook', '')
    await server.release.remove('go')
    server.signal('SIGHUP')
    await server.event('in preReload')
    return undefined
  },
  'while the child boots': async (server) => {
    await server.release.remove('go')
    const child = await begin(server)
    await server.eventOf(child, 'boot')
    return child
  },
  'when the child is about to be ready': async (server) => {
    const child = await begin(server)
    await server.eventOf(child, 'adopted')
    return child
  },
  'in the probation': async (server) => {
    const child = await begin(server)
    await server.eventOf(server.pid, 'handed-over')
    return child
  }
}

for (const [when, reach] of Object.entries(STAGES)) {
  t.test(`a stop ${when} leaves no process behind`, async (t) => {
    const server = await start(t)
    await reach(server)
    server.signal('SIGTERM', server.pid)
    t.equal(await server.exitOf(server.pid), 0)
    await untilLeft(server, [])
  })

  t.test(`a stop of both processes ${when} leaves no process behind`, async (t) => {
    const server = await start(t)
    const child = await reach(server)
    for (const pid of [child, server.pid]) if (pid !== undefined) server.signal('SIGINT', pid)
    t.equal(await server.exitOf(server.pid), 0)
    await untilLeft(server, [])
  })

  t.test(`a stop of the child ${when} leaves one that serves, or none`, async (t) => {
    const server = await start(t)
    const child = await reach(server)
    if (child === undefined) return server.release.write('go', '')
    server.signal('SIGTERM', child)
    const left = await untilQuiet(server)
    t.ok(left === undefined || left === server.pid, `${left}`)
    if (when === 'in the probation') t.equal(left, undefined, 'who serves was told to stop')
    if (when === 'while the child boots') t.equal(left, server.pid, 'who serves was told nothing')
  })
}

t.test('a stop that comes when the hooks have approved starts no child', async (t) => {
  const server = await start(t)
  await server.release.write('stop', '')
  server.signal('SIGHUP')
  t.equal(await server.exitOf(server.pid), 0)
  await untilLeft(server, [])
  t.strictSame(server.events('starts'), [])
  t.strictSame(server.events('warning'), [])
})

t.test('^C in the probation, which both processes hear, lets both finish what they have', async (t) => {
  const server = await start(t)
  const [old, fresh] = [await HttpConnection.open(server.target()), HttpConnection.open(server.target())]
  const inParent = old.send({ path: '/hold/parent' })
  await server.held('parent')
  const child = (await STAGES['in the probation']?.(server)) as number
  const connection = await HttpConnection.open(server.target())
  ;(await fresh).close()
  const inChild = connection.send({ path: '/hold/child' })
  t.equal(await server.held('child'), child)

  server.signal('SIGINT', server.pid)
  await server.eventOf(child, 'draining')
  server.signal('SIGINT', child)
  await server.tell({ command: 'release', name: 'child' }, child)
  await server.tell({ command: 'release', name: 'parent' }, server.pid)
  t.equal((await inChild.response).status, 200)
  t.equal((await inParent.response).status, 200)
  t.strictSame(await Promise.all([server.exitOf(child), server.exitOf(server.pid)]), [0, 0])
  t.strictSame(server.events('forced'), [])
})

/** What is left after a force signal to the first process. */
const FORCED: Record<string, { reach: Stage; left: 'nobody' | 'the child'; options?: object }> = {
  'in a preReload hook': { reach: STAGES['in a preReload hook'] as Stage, left: 'nobody' },
  'while the child boots': { reach: STAGES['while the child boots'] as Stage, left: 'nobody' },
  'in the probation': { reach: STAGES['in the probation'] as Stage, left: 'the child' },
  'while it drains after a reload': {
    reach: async (server) => {
      const connection = await HttpConnection.open(server.target())
      connection.send({ path: '/hold/stuck' })
      await server.held('stuck')
      const child = await begin(server)
      await server.eventOf(server.pid, 'draining')
      return child
    },
    left: 'the child',
    options: { probation: 0 }
  },
  'in the lame duck phase': {
    reach: async (server) => {
      server.signal('SIGTERM')
      await server.event('lame-duck')
      return undefined
    },
    left: 'nobody',
    options: { lameDuck: 60_000 }
  }
}

for (const [when, { reach, left, options }] of Object.entries(FORCED)) {
  t.test(`a force signal ${when} ends the process now and leaves ${left}`, async (t) => {
    const server = await start(t, { ...FORCIBLE, ...options })
    const child = await reach(server)
    server.signal('SIGUSR2', server.pid)
    t.equal(await server.exitOf(server.pid), 1)
    const pid = await untilQuiet(server)
    t.equal(pid, left === 'nobody' ? undefined : child)
    if (pid === undefined) return
    const connection = await HttpConnection.open(server.target())
    t.match(JSON.parse((await connection.request({ path: '/' })).body), { pid })
    connection.close()
    t.equal(await server.stop(), 0)
  })
}

t.test('a second stop signal in the probation ends both processes now', async (t) => {
  const server = await start(t)
  const connection = await HttpConnection.open(server.target())
  const held = connection.send({ path: '/hold/stuck' })
  await server.held('stuck')
  await STAGES['in the probation']?.(server)
  server.signal('SIGTERM', server.pid)
  await server.eventOf(server.pid, 'draining')
  server.signal('SIGTERM', server.pid)
  await t.rejects(held.response)
  t.equal(await server.exitOf(server.pid), 1)
  await untilLeft(server, [])
})
