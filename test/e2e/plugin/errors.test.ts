import { rmdirSync, rmSync, writeFileSync } from 'node:fs'
import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import Fastify, { type FastifyInstance } from 'fastify'
import t, { type Test } from 'tap'
import * as errors from '../../../lib/errors.js'
import graceful from '../../../lib/index.js'
import { HttpConnection } from '../../support/connection.js'
import { PERMISSION_MODEL } from '../../support/permission.js'
import type { FixtureConfig, Release } from '../../support/release.js'
import type { TestServer } from '../../support/server.js'
import { launchServer, startServer } from '../../support/start.js'
import { tempFolder } from '../../support/temp-folder.js'

/** Every code, with the status that a route answers when it lets the error through. */
const STATUS: Record<string, number> = {
  GRACEFUL_ERR_INVALID_OPTION: 500,
  GRACEFUL_ERR_INVALID_HOOK: 500,
  GRACEFUL_ERR_INVALID_REASON: 400,
  GRACEFUL_ERR_INVALID_ARGUMENT: 400,
  GRACEFUL_ERR_PATH_TAKEN: 500,
  GRACEFUL_ERR_PATH_LOST: 500,
  GRACEFUL_ERR_NOT_LISTENING: 409,
  GRACEFUL_ERR_STOPPING: 503,
  GRACEFUL_ERR_UNSUPPORTED: 501,
  GRACEFUL_ERR_VETOED: 409,
  GRACEFUL_ERR_STATE: 500,
  GRACEFUL_ERR_WARMUP: 500,
  GRACEFUL_ERR_SPAWN_FAILED: 500,
  GRACEFUL_ERR_CHILD_EXITED: 502,
  GRACEFUL_ERR_READY_TIMEOUT: 504,
  GRACEFUL_ERR_BAD_HANDOFF: 500,
  GRACEFUL_ERR_ROLLED_BACK: 502,
  GRACEFUL_ERR_NOT_ON_PROBATION: 409,
  GRACEFUL_ERR_NO_CHECK: 409,
  GRACEFUL_ERR_OUTCOME_UNKNOWN: 502,
  GRACEFUL_ERR_ACTIVATION: 500,
  GRACEFUL_ERR_FORCED: 500
}

const provoked = new Set<string>()

/** Checks an error, or what a route made of it. */
function checkError(t: Test, found: unknown, code: string, message: RegExp): void {
  provoked.add(code)
  t.match(found, { code, statusCode: STATUS[code], message }, code)
}

function createApp(options: graceful.GracefulOptions = {}): FastifyInstance {
  const app = Fastify()
  app.register(graceful, options)
  app.post('/reload', async () => app.gracefulReload())
  app.post('/hook', async () => app.graceful.addHook('preload' as 'preReload', () => {}))
  app.post('/roll-back', async () => app.graceful.rollback())
  app.get('/broken', async () => Promise.reject(new Error('broken')))
  return app
}

const rejection = (promise: PromiseLike<unknown>) =>
  Promise.resolve(promise).then(
    () => undefined,
    (error) => error
  )

t.test('errors at registration, at boot and while nothing listens', async (t) => {
  checkError(t, await rejection(createApp({ drainTimeout: -1 }).ready()), 'GRACEFUL_ERR_INVALID_OPTION', /drainTimeout/)

  const app = createApp()
  for (const [url, code, message] of [
    ['/reload', 'GRACEFUL_ERR_NOT_LISTENING', /does not listen yet/],
    ['/hook', 'GRACEFUL_ERR_INVALID_HOOK', /'preload' and .*; did you mean preReload\?$/],
    ['/roll-back', 'GRACEFUL_ERR_NOT_ON_PROBATION', /not on probation/]
  ] as const) {
    const { statusCode, body } = await app.inject({ method: 'POST', url })
    checkError(t, { ...JSON.parse(body), statusCode }, code, message)
  }
  checkError(t, await rejection(app.graceful.check()), 'GRACEFUL_ERR_NO_CHECK', /not checked: .* does not listen yet/)
  const reason = {} as string
  checkError(t, await rejection(app.gracefulReload({ reason })), 'GRACEFUL_ERR_INVALID_REASON', /reason.*string/)
  const unreadable = {
    get reason(): string {
      throw new Error('not now')
    }
  }
  for (const [argument, message] of [
    ['now', /expects nothing or an object with a reason, as in \{ reason: 'now' \}, received 'now'$/],
    [null, /as in \{ reason: 'deploy' \}, received null$/],
    [42, /received a value of type number$/],
    [Symbol('now'), /received a value of type symbol$/],
    [['now'], /received an array$/],
    [() => 'now', /received a value of type function$/],
    [{ reasn: 'now' }, /received the key reasn; did you mean reason\?$/],
    [{ because: 'now' }, /received the key because$/],
    [unreadable, /received an object that cannot be read$/]
  ] as const) {
    const found = await rejection(app.gracefulReload(argument as unknown as { reason: string }))
    checkError(t, found, 'GRACEFUL_ERR_INVALID_ARGUMENT', message)
    t.type(found, TypeError)
  }
  await app.close()
  checkError(t, await rejection(app.gracefulReload()), 'GRACEFUL_ERR_STOPPING', /closed/)
})

t.test('the error of a unix path at which somebody has put another file', async (t) => {
  const path = join(await tempFolder(t), 'socket')
  const app = createApp()
  await app.listen({ path })
  rmSync(path)
  writeFileSync(path, 'theirs')
  checkError(t, await rejection(app.gracefulReload()), 'GRACEFUL_ERR_PATH_TAKEN', /another file/)
  await app.close()
})

t.test('the error of a unix path whose folder somebody has removed, of an app or of the control socket', async (t) => {
  for (const isControl of [false, true]) {
    const folder = join(await tempFolder(t), 'run')
    await mkdir(folder)
    const path = join(folder, 'socket')
    const app = createApp(isControl ? { control: path } : {})
    await app.listen(isControl ? { port: 0, host: '127.0.0.1' } : { path })
    rmSync(folder, { recursive: true })
    const message = new RegExp(`socket ${path}, .* the folder ${folder} does not exist, .*; create it, and the next`)
    checkError(t, await rejection(app.gracefulReload()), 'GRACEFUL_ERR_PATH_LOST', message)
    await app.close()
  }
})

t.test('errors of an app that listens and closes', async (t) => {
  const broken = createApp({ warmup: ['/broken'] })
  const listening = await rejection(broken.listen({ port: 0 }))
  checkError(t, listening, 'GRACEFUL_ERR_WARMUP', /GET \/broken was answered with status 500/)
  await broken.close()

  const app = createApp({ drainTimeout: 50 })
  await app.listen({ port: 0, host: '127.0.0.1' })
  app.graceful.hold('mail')
  checkError(t, await rejection(app.close()), 'GRACEFUL_ERR_FORCED', /\(drainTimeout\) and cut off mail/)
  t.equal(app.server.listening, false)
  t.equal(app.graceful.phase, 'closed', 'it has closed all the same')
})

interface Story {
  code: string
  message: RegExp
  config?: FixtureConfig
  script?: string
  args?: string[]
  execArgv?: string[]
  /** What goes wrong once the reload has been asked for. */
  spoil?: (server: TestServer) => Promise<void>
}

const badOptions = (what: string) => ({ script: 'bad-options.cjs', args: [what] })

const stories: Story[] = [
  { code: 'GRACEFUL_ERR_VETOED', message: /: not today$/, config: { veto: 'not today' } },
  { code: 'GRACEFUL_ERR_SPAWN_FAILED', message: /env: this function went wrong/, ...badOptions('env throws') },
  { code: 'GRACEFUL_ERR_STATE', message: /this function went wrong/, ...badOptions('save throws') },
  { code: 'GRACEFUL_ERR_STATE', message: /state is a function/, ...badOptions('save returns a function') },
  { code: 'GRACEFUL_ERR_CHILD_EXITED', message: /before it was ready$/, ...badOptions('load throws') },
  {
    code: 'GRACEFUL_ERR_READY_TIMEOUT',
    message: /within 500 ms/,
    config: { hooks: { preReload: 'hang' }, options: { readyTimeout: 500 } },
    script: 'hooks.cjs'
  },
  {
    code: 'GRACEFUL_ERR_UNSUPPORTED',
    message: /permission model/,
    execArgv: PERMISSION_MODEL
  },
  {
    code: 'GRACEFUL_ERR_ROLLED_BACK',
    message: /was killed by SIGKILL \(.*\) within its probation/,
    config: { options: { probation: 60_000 } },
    spoil: async (server) => {
      await server.event('handed-over')
      process.kill(await server.serving(2), 'SIGKILL')
    }
  },
  {
    code: 'GRACEFUL_ERR_STOPPING',
    message: /stopping \(SIGTERM\)/,
    config: { options: { probation: 60_000 } },
    spoil: async (server) => {
      await server.event('handed-over')
      server.signal('SIGTERM', server.pid)
    }
  }
]

for (const { code, message, spoil, ...settings } of stories) {
  t.test(`${code}, through an admin route: ${message}`, async (t) => {
    const server = await startServer(t, settings)
    const connection = await HttpConnection.open(server.target())
    const exchange = connection.send({ method: 'POST', path: '/admin/reload' })
    await spoil?.(server)
    const { status, body } = await exchange.response
    checkError(t, { ...JSON.parse(body), statusCode: status }, code, message)
    connection.close()
  })
}

t.test('a removed folder: the child cannot be started', async (t) => {
  let gone = ''
  const prepare = async (_: unknown, folder: string) => {
    gone = join(folder, 'gone')
    await mkdir(gone)
    return { cwd: gone }
  }
  const server = await startServer(t, { prepare })
  rmdirSync(gone)
  await server.tell({ command: 'reload' })
  checkError(t, await server.event('reload rejected'), 'GRACEFUL_ERR_SPAWN_FAILED', /ENOENT/)
})

t.test('a handoff that cannot be right', async (t) => {
  const probe = `
    const app = require('fastify')()
    app.register(require('fastify-graceful-reload'))
    app.ready().catch(({ code, statusCode, message }) => require('./app.cjs').say('refused', { code, statusCode, message }))`
  const prepare = async (release: Release) => {
    await release.write('probe.cjs', probe)
    return undefined
  }
  const env = { FASTIFY_GRACEFUL_RELOAD: 'garbled' }
  const server = await launchServer(t, { script: 'probe.cjs', prepare, env })
  checkError(t, await server.event('refused'), 'GRACEFUL_ERR_BAD_HANDOFF', /not JSON/)
  await server.waitFor(server.gone, 'end')
})

t.test('a socket of the service manager that is in the way', async (t) => {
  const activator = `
    const server = require('node:net').createServer().listen(0, '0.0.0.0', () => {
      const command = ['-c', 'LISTEN_PID=$$ exec "$0" "$@"', process.execPath, require.resolve('./probe.cjs'), server.address().port]
      const stdio = ['inherit', 'inherit', 'inherit', server._handle.fd]
      const env = { ...process.env, LISTEN_FDS: '1' }
      require('node:child_process').spawn('sh', command, { stdio, env }).on('exit', () => server.close())
    })`
  const probe = `
    const app = require('fastify')()
    app.register(require('fastify-graceful-reload'))
    app.listen({ port: Number(process.argv[2]), host: '127.0.0.1' })
      .catch(({ code, statusCode, message }) => require('./app.cjs').say('refused', { code, statusCode, message }))`
  const prepare = async (release: Release) => {
    await release.write('activator.cjs', activator)
    await release.write('probe.cjs', probe)
    return undefined
  }
  const server = await launchServer(t, { script: 'activator.cjs', prepare })
  checkError(t, await server.event('refused'), 'GRACEFUL_ERR_ACTIVATION', /holds a socket on 0\.0\.0\.0:\d+/)
  await server.waitFor(server.gone, 'end')
})

t.test('a reload that was passed on to a child that dies', async (t) => {
  const server = await startServer(t, { config: { options: { probation: 0 } } })
  const connection = await HttpConnection.open(server.target())
  await connection.request({ method: 'POST', path: '/background/work' })
  server.signal('SIGHUP')
  await server.eventOf(server.pid, 'draining')
  const config = JSON.parse(await server.release.read('config.json'))
  await server.release.write('config.json', JSON.stringify({ ...config, boot: 'hang' }))
  await server.tell({ command: 'reload' }, server.pid)
  const booting = await server.event('boot')
  for (const pid of [server.current, booting.pid]) process.kill(pid, 'SIGKILL')
  checkError(t, await server.event('reload rejected'), 'GRACEFUL_ERR_OUTCOME_UNKNOWN', /outcome is unknown/)
  await server.tell({ command: 'release', name: 'work' }, server.pid)
  connection.close()
})

t.test('every code has been provoked, and has its status', async (t) => {
  const classes = Object.entries(errors).filter(([name]) => /^[A-Z]\w+Error$/.test(name))
  const codes = classes.map(([, value]) => new (value as unknown as new () => { code: string })().code)
  t.strictSame([...new Set(codes)].sort(), Object.keys(STATUS).sort())
  t.strictSame([...provoked].sort(), Object.keys(STATUS).sort())
})
