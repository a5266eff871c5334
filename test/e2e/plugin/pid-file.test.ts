import { chmodSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import Fastify from 'fastify'
import t, { type Test } from 'tap'
import graceful from '../../../lib/index.js'
import type { GracefulOptions } from '../../../lib/options.js'
import { FORCIBLE } from '../../support/release.js'
import { startServer } from '../../support/start.js'
import { untilTrue } from '../../support/tree.js'

async function temporaryFolder(t: Test): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'graceful-'))
  t.teardown(() => rm(folder, { recursive: true, force: true }))
  return folder
}

async function startWithPidFile(t: Test, options: Omit<GracefulOptions, 'env'> = {}) {
  const folder = await temporaryFolder(t)
  const pidFile = join(folder, 'app.pid')
  const server = await startServer(t, { config: { options: { pidFile, ...options } } })
  t.equal(readFileSync(pidFile, 'utf8'), `${server.pid}\n`)
  return { server, folder, pidFile }
}

t.test('the file names the process that serves, and nobody ever reads half of it', async (t) => {
  const { server, folder, pidFile } = await startWithPidFile(t)
  const found = new Set<string>()
  const reading = { isOver: false }
  const reader = (async () => {
    while (!reading.isOver) found.add(await readFile(pidFile, 'utf8'))
  })()
  await server.reload()
  t.equal(readFileSync(pidFile, 'utf8'), `${server.current}\n`)
  await server.reload()
  reading.isOver = true
  await reader
  const pids = server.events('serving').map(({ pid }) => `${pid}\n`)
  t.equal(pids.length, 3)
  t.strictSame(
    [...found].filter((text) => !pids.includes(text)),
    []
  )
  t.strictSame(readdirSync(folder), ['app.pid'], 'no temporary file is left')
  t.equal(await server.stop(), 0)
  t.strictSame(readdirSync(folder), [], 'the last one removes it')
})

t.test('a relative path begins where the server runs, also if the launcher runs elsewhere', async (t) => {
  const server = await startServer(t, {
    launcher: ['--directory', 'release'],
    config: { options: { pidFile: 'app.pid' } },
    prepare: async (_, cwd) => ({ cwd, script: 'server.cjs' })
  })
  const pidFile = server.release.path('app.pid')
  const elsewhere = join(dirname(server.release.folder), 'app.pid')
  // The launcher writes it when it hears that its server serves, which the log says too.
  await untilTrue(server, 'pid file', () => existsSync(pidFile) || existsSync(elsewhere))
  t.equal(readFileSync(pidFile, 'utf8'), `${server.launcher}\n`)
  await server.reload()
  t.equal(readFileSync(pidFile, 'utf8'), `${server.launcher}\n`)
  t.equal(await server.stop(), 0)
  t.notOk(existsSync(pidFile))
})

t.test('it names the child as soon as that accepts, and the parent again after a rollback', async (t) => {
  const { server, pidFile } = await startWithPidFile(t, { probation: 60_000 })
  server.signal('SIGHUP')
  const child = await server.serving(2)
  t.equal(readFileSync(pidFile, 'utf8'), `${child}\n`)
  await server.event('handed-over')
  process.kill(child, 'SIGKILL')
  await server.event('rolled-back')
  t.equal(readFileSync(pidFile, 'utf8'), `${server.pid}\n`)
  server.signal('SIGTERM', server.pid)
  t.equal(await server.exitOf(server.pid), 0)
  t.throws(() => readFileSync(pidFile), { code: 'ENOENT' })
})

t.test('a reload that fails leaves it alone', async (t) => {
  const { server, pidFile } = await startWithPidFile(t)
  await server.release.configure({ boot: 'throw' })
  server.signal('SIGHUP')
  await server.event('reload-failed')
  t.equal(readFileSync(pidFile, 'utf8'), `${server.pid}\n`)
})

t.test("somebody else's file stays on a stop", async (t) => {
  const { server, pidFile } = await startWithPidFile(t)
  writeFileSync(pidFile, '1\n')
  t.equal(await server.stop(), 0)
  t.equal(readFileSync(pidFile, 'utf8'), '1\n')
})

t.test('a file that was removed does not fail a stop', async (t) => {
  const { server, pidFile } = await startWithPidFile(t)
  rmSync(pidFile)
  t.equal(await server.stop(), 0)
  t.strictSame(server.events('warning'), [])
})

t.test('a forced end removes it', async (t) => {
  const { server, folder } = await startWithPidFile(t, FORCIBLE)
  server.signal('SIGUSR2')
  t.equal(await server.exitOf(server.pid), 1)
  t.strictSame(readdirSync(folder), [])
})

t.test('an uncaught error and an app that closes itself remove it', async (t) => {
  for (const command of [{ command: 'throw', message: 'nobody catches this' }, { command: 'close' }] as const) {
    const { server, folder } = await startWithPidFile(t)
    await server.tell(command)
    await server.exitOf(server.pid)
    t.strictSame(readdirSync(folder), [], command.command)
  }
})

t.test('a file that can no longer be written costs a warning and not the service', async (t) => {
  const { server, pidFile } = await startWithPidFile(t, { probation: 60_000 })
  server.signal('SIGHUP')
  const child = await server.serving(2)
  await server.event('handed-over')
  rmSync(pidFile)
  mkdirSync(join(pidFile, 'in the way'), { recursive: true })
  process.kill(child, 'SIGKILL')
  t.match(await server.event('warning'), { warning: `the pid file ${pidFile} could not be written` })
  await server.event('rolled-back')
  t.strictSame(readdirSync(join(pidFile, '..')), ['app.pid'], 'no temporary file is left')
  server.signal('SIGTERM', server.pid)
  t.equal(await server.exitOf(server.pid), 0)
})

t.test('a folder that cannot be written to is an error at registration', async (t) => {
  const folder = await temporaryFolder(t)
  const file = join(folder, 'file')
  const sealed = join(folder, 'sealed')
  writeFileSync(file, '')
  mkdirSync(sealed)
  chmodSync(sealed, 0o555)
  // Root may write everywhere.
  const places = [join(folder, 'missing/app.pid'), join(file, 'app.pid'), folder]
  if (process.getuid?.() !== 0) places.push(join(sealed, 'app.pid'))
  for (const pidFile of places) {
    const app = Fastify()
    app.register(graceful, { pidFile })
    await t.rejects(Promise.resolve(app.ready()), {
      code: 'GRACEFUL_ERR_INVALID_OPTION',
      message: new RegExp(`pidFile .*${pidFile}`)
    })
  }
})
