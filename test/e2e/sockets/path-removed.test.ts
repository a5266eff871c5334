import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { mkdir, readFile, rm, unlink, writeFile } from 'node:fs/promises'
import { connect, createServer } from 'node:net'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { checkFresh } from '../../support/admin.js'
import { HttpConnection } from '../../support/connection.js'
import type { Line } from '../../support/output.js'
import { runCommand } from '../../support/package-command.js'
import type { TestServer } from '../../support/server.js'
import { startServer, WAYS } from '../../support/start.js'
import { tempFolder } from '../../support/temp-folder.js'

t.jobs = 2

for (const { settings, where } of WAYS) {
  const start = async (t: Test, further = {}) => {
    const path = join(await tempFolder(t), 'socket')
    const config = { apps: [{ path }], ...further }
    return { path, server: await startServer(t, { ...settings, config }) }
  }

  t.test(`a path that somebody removed is there again after a reload${where}`, async (t) => {
    const { path, server } = await start(t)
    await unlink(path)
    const child = await server.reload()
    t.equal(existsSync(path), true)
    await checkFresh(t, server, child)
    await server.reload()
    await checkFresh(t, server, server.current)
    t.equal(await server.stop(), 0)
    t.equal(existsSync(path), false)
  })

  t.test(`a path that somebody removed is there again after a rollback${where}`, async (t) => {
    const { path, server } = await start(t, { options: { probation: 10_000 } })
    await unlink(path)
    server.signal('SIGHUP', server.addressee)
    const child = await server.takenOver(await server.serving(2))
    server.signal('SIGKILL', child)
    await server.eventOf(server.pid, 'rolled-back')
    await checkFresh(t, server, server.pid)
    t.equal(await server.stop(), 0)
    t.equal(existsSync(path), false)
  })

  t.test(`a reload fails if another program has put a file at the path${where}`, async (t) => {
    const { path, server } = await start(t)
    const open = await useOnce(server)
    await unlink(path)
    await writeFile(path, 'theirs')
    server.signal('SIGHUP', server.addressee)
    await checkRefused(t, server, path, open)
    open.close()
    t.equal(await server.stop(), 0)
    t.equal(await readFile(path, 'utf8'), 'theirs')
  })

  t.test(`a reload fails when somebody else listens on the path${where}`, async (t) => {
    const { path, server } = await start(t)
    const open = await useOnce(server)
    await unlink(path)
    // The process that checks whether something listens there disconnects without reading.
    const other = createServer((socket) => socket.on('error', () => {}).end('theirs'))
    t.teardown(() => other.close())
    await once(other.listen(path), 'listening')
    server.signal('SIGHUP', server.addressee)
    await checkRefused(t, server, path, open)
    open.close()
    t.equal(await server.stop(), 0)
    const [greeting] = await once(connect(path), 'data')
    t.equal(String(greeting), 'theirs')
  })

  t.test(`a control socket that somebody removed is there again after a reload${where}`, async (t) => {
    const control = join(await tempFolder(t), 'control')
    const own = { config: { options: { control } } }
    const server = await startServer(t, settings.launcher === undefined ? own : { launcher: ['--control', control] })
    await unlink(control)
    await server.reload()
    const { code, stderr } = await runCommand(['status', '--control', control])
    t.strictSame({ code, stderr }, { code: 0, stderr: '' })
    t.equal(await server.stop(), 0)
    t.equal(existsSync(control), false)
  })
}

t.test('a control socket of the launcher that cannot be bound again is no reason not to reload', async (t) => {
  const folder = join(await tempFolder(t), 'run')
  await mkdir(folder)
  const control = join(folder, 'control')
  const server = await startServer(t, { launcher: ['--control', control] })
  const goesOn = (why: string) => new RegExp(`control socket .* cannot be bound again; the reload goes on: ${why}`)
  await unlink(control)
  await writeFile(control, 'theirs')
  await server.reload()
  t.match(server.output.toString(), goesOn(`another file is at ${control}; remove it`))
  await rm(folder, { recursive: true })
  await server.reload()
  t.match(server.output.toString(), goesOn(`the folder ${folder} does not exist, .*; create it`))
  t.notMatch(server.output.toString(), /cannot reload/)
  await mkdir(folder)
  await server.reload()
  t.equal((await runCommand(['status', '--control', control])).code, 0, 'what the lines have promised')
  t.equal(await server.stop(), 0)
})

/** A connection that stays open after the path was removed. */
async function useOnce(server: TestServer): Promise<HttpConnection> {
  const connection = await HttpConnection.open(server.target())
  await connection.request({ path: '/' })
  return connection
}

/** The reload fails for the sake of this path, and the old process serves on. */
async function checkRefused(t: Test, server: TestServer, path: string, open: HttpConnection): Promise<void> {
  const test = ({ graceful = '' }: Line) => ['reload-failed', 'reload-succeeded'].includes(graceful)
  const outcome = await server.event({ what: 'outcome of the reload', test })
  const err = { code: /^GRACEFUL_ERR_/, message: new RegExp(path) }
  t.match(outcome, { graceful: 'reload-failed', pid: server.pid, err })
  t.match(JSON.parse((await open.request({ path: '/' })).body), { pid: server.pid }, 'the old process serves on')
}
