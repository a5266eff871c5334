import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { copyFile, link, rm } from 'node:fs/promises'
import { type AddressInfo, createServer } from 'node:net'
import { join } from 'node:path'
import t from 'tap'
import { failReload, succeedReload } from '../../support/admin.js'
import { HttpConnection } from '../../support/connection.js'
import { HAS_PROC } from '../../support/fds.js'
import { Gate } from '../../support/gate.js'
import { startServer, WAYS } from '../../support/start.js'
import { tempFolder } from '../../support/temp-folder.js'

t.jobs = 3

const PLUGIN = `const app = require('fastify')({ logger: true })
app.register(require('fastify-graceful-reload'), { readyTimeout: 1_500 })`

/** Ways to boot without an end. */
const HANGS: Record<string, string> = {
  'that does not load the plugin': 'setInterval(() => {}, 1000)',
  'in a loop, deaf to signals': `process.on('SIGTERM', () => {}); for (;;) {}`,
  'in a plugin': `${PLUGIN}
    app.register((app, options, done) => setInterval(() => {}, 1000))
    app.listen({ port: 0, host: '127.0.0.1' })`,
  'without listening': `${PLUGIN}
    app.ready().then(() => setInterval(() => {}, 1000))`,
  'in a loop after it listens': `${PLUGIN}
    app.addHook('onListen', async () => { for (;;) {} })
    app.listen({ port: 0, host: '127.0.0.1' })`
}

t.test('a child that hangs is killed after readyTimeout', async (t) => {
  const server = await startServer(t, { config: { options: { readyTimeout: 1_500 } } })
  for (const [name, code] of Object.entries(HANGS)) {
    await t.test(name, async (t) => {
      const refusal = await failReload(t, server, () => server.release.write('server.cjs', code))
      t.match(refusal, {
        code: 'GRACEFUL_ERR_READY_TIMEOUT',
        statusCode: 504,
        message: /no child was ready within 1500 ms/
      })
    })
  }
})

const LONG = `const app = require('fastify')({ logger: true })
app.register(require('fastify-graceful-reload'), { drainTimeout: 600_000, closeTimeout: 600_000 })`

/** Ways to give up that need no limit, though an app of that process never becomes ready. */
const ENDS: Record<string, string> = {
  'an error that nobody catches, while a plugin waits': `${LONG}
    app.register(() => new Promise(() => setTimeout(() => { throw new Error('no database') }, 50)))
    app.addHook('onClose', () => new Promise(() => {}))
    app.listen({ port: 0, host: '127.0.0.1' })`,
  'an end right behind listen': `${LONG}
    app.listen({ port: 0, host: '127.0.0.1' }).then(() => {
      app.log.error(new Error('no database'))
      process.exit(1)
    })`,
  'an error behind listen, with a warning before it': `${LONG}
    process.stderr.write('this is deprecated\\n')
    app.listen({ port: 0, host: '127.0.0.1' }).then(() => { throw new Error('no database') })`,
  'an error with a text that is too long': `${LONG}
    throw new Error('no database: ' + 'x'.repeat(300_000))`,
  'nothing left to do': `${LONG}
    app.ready().then(() => app.log.error(new Error('no database')))`,
  'a signal that it sends itself': `${LONG}
    app.register(() => new Promise(() => {
      process.stderr.write('no database\\n')
      setTimeout(() => process.kill(process.pid, 'SIGTERM'), 50)
    }))
    app.listen({ port: 0, host: '127.0.0.1' })`
}

// Without `app.listen()`, there is nothing that keeps a child alive before it accepts.
for (const { settings, where } of WAYS)
  t.test(`an app that listens only beside Fastify reloads${where}`, async (t) => {
    const code = (generation: number) => `const app = require('fastify')({ logger: true })
      const { say } = require('./app.cjs')
      app.register(require('fastify-graceful-reload'), { probation: 0 })
      app.ready().then(() => {
        const server = require('node:net').createServer((socket) => socket.end('${generation}'))
        return app.graceful.listen(server, { port: 0, host: '127.0.0.1' })
      }).then(() => say('started', {}))`
    const prepare = async (release: { write(file: string, text: string): Promise<void> }) => {
      await release.write('server.cjs', code(1))
      return undefined
    }
    const server = await startServer(t, { ...settings, prepare })
    await server.release.write('server.cjs', code(2))
    server.signal('SIGHUP', server.addressee)
    await server.serving(2)
    server.signal('SIGTERM', server.addressee)
    await server.waitFor(server.gone, 'end of all generations')
  })

t.test('a child that gives up leaves no path behind', async (t) => {
  const path = join(await tempFolder(t), 'new.sock')
  const server = await startServer(t, { config: { options: { readyTimeout: 600_000 } } })
  await failReload(t, server, () =>
    server.release.write(
      'server.cjs',
      `${LONG}
      app.listen({ path: ${JSON.stringify(path)} }).then(() => { throw new Error('no database') })`
    )
  )
  t.equal(existsSync(path), false)
})

for (const { settings, where } of WAYS) {
  t.test(`a child that gives up fails the reload at once, with the reason${where}`, async (t) => {
    // Longer than a test waits.
    const server = await startServer(t, { ...settings, config: { options: { readyTimeout: 600_000 } } })
    for (const [name, code] of Object.entries(ENDS))
      await t.test(name, async (t) => {
        const refusal = await failReload(t, server, () => server.release.write('server.cjs', code))
        t.match(refusal, { code: 'GRACEFUL_ERR_CHILD_EXITED' })
        const { err } = server.events('reload-failed').at(-1) as { err?: { message: string; stack: string } }
        t.match(JSON.stringify(err), /no database/)
      })
  })
}

// As a program does that tells its supervisor by a descriptor of its own that it is ready.
const REPORTS = `
for (let fd = 3; fd < 40; fd++) {
  try {
    if (require('node:fs').readlinkSync('/proc/self/fd/' + fd).startsWith('socket:')) require('node:fs').writeSync(fd, 'ready\\n')
  } catch {}
}`

for (const { settings, where } of WAYS)
  for (const end of ['', ', without the end of a line'])
    t.test(`what a process writes to its channel ends nobody${end}${where}`, { skip: !HAS_PROC }, async (t) => {
      const server = await startServer(t, settings)
      const good = await server.release.read('server.cjs')
      await server.release.write('server.cjs', (end === '' ? REPORTS : REPORTS.replace('\\n', '')) + good)
      await succeedReload(t, server)
      await server.said(/has written to its channel to this one what is no message/)
      await succeedReload(t, server)
      t.equal(await server.stop(), 0)
    })

t.test('after a child that hung the next reload works', async (t) => {
  // It has to be long enough for a good child on a busy machine too.
  const server = await startServer(t, { config: { options: { readyTimeout: 15_000 } } })
  const good = await server.release.read('server.cjs')
  const refusal = await failReload(t, server, () => server.release.write('server.cjs', `${PLUGIN}\n for (;;) {}`))
  t.match(refusal, { code: 'GRACEFUL_ERR_READY_TIMEOUT' })
  await server.release.write('server.cjs', good)
  await succeedReload(t, server)
})

t.test('a child accepts nothing before its parent lets it take over', async (t) => {
  const server = await startServer(t)
  const gate = await Gate.open(t)
  await server.release.write('server.cjs', gate.before(await server.release.read('server.cjs')))
  server.signal('SIGHUP')
  const pid = Number((await server.event('reload-started')).child)
  const letIn = await gate.arrival()
  server.signal('SIGSTOP', server.pid)
  letIn()
  await server.eventOf(pid, 'started')
  const connection = await HttpConnection.open(server.target())
  const answer = connection.request({ path: '/' })
  // The child looks for connections before it looks for commands again.
  for (const name of ['first', 'second']) {
    await server.tell({ command: 'release', name }, pid)
    await server.event((line) => line.fixture === 'released' && line.name === name)
  }
  server.signal('SIGKILL', pid)
  server.signal('SIGCONT', server.pid)
  t.match(JSON.parse((await answer).body), { pid: server.pid })
  connection.close()
  t.match(await server.event('reload-failed'), { err: { code: 'GRACEFUL_ERR_CHILD_EXITED', signal: 'SIGKILL' } })
})

t.test('a veto by preReload starts no child', async (t) => {
  const server = await startServer(t, { config: { veto: 'not today' } })
  const refusal = await failReload(t, server, async () => {})
  t.match(refusal, { code: 'GRACEFUL_ERR_VETOED', statusCode: 409, message: /not today/ })
  t.strictSame(server.events('reload-started'), [])
})

t.test('a missing executable fails the reload, and the next reload finds it again', async (t) => {
  const execPath = join(await tempFolder(t), 'node')
  await provideNode(execPath)
  const server = await startServer(t, { execPath })
  const refusal = await failReload(t, server, () => rm(execPath))
  t.match(refusal, { code: 'GRACEFUL_ERR_SPAWN_FAILED', statusCode: 500, message: /ENOENT/ })
  t.ok(refusal.message.includes(execPath), refusal.message)
  await provideNode(execPath)
  await succeedReload(t, server)
})

for (const report of ['app.log.error(err)', 'console.error(err)']) {
  t.test(`an occupied port that new code asks for in addition is named (${report})`, async (t) => {
    const occupant = createServer().listen(0, '127.0.0.1')
    await once(occupant, 'listening')
    t.teardown(() => occupant.close())
    const { port } = occupant.address() as AddressInfo
    const server = await startServer(t)
    const good = await server.release.read('server.cjs')
    const code = `${PLUGIN}
      const other = require('fastify')()
      other.register(require('fastify-graceful-reload'))
      const listening = [[app, 0], [other, ${port}]].map(([app, port]) => app.listen({ port, host: '127.0.0.1' }))
      Promise.all(listening).catch((err) => { ${report}; process.exit(1) })`
    const refusal = await failReload(t, server, () => server.release.write('server.cjs', code))
    t.match(refusal, { code: 'GRACEFUL_ERR_CHILD_EXITED' })
    t.match(server.events('reload-failed').at(-1)?.msg, new RegExp(`code 1.*EADDRINUSE.*:${port}`))
    await server.release.write('server.cjs', good)
    await succeedReload(t, server)
  })
}

/** A separate node binary at this path. If possible it is a link, because it has 100 MB. */
async function provideNode(path: string): Promise<void> {
  await link(process.execPath, path).catch(() => copyFile(process.execPath, path))
}
