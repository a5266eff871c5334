import { existsSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import type { ListenOptions } from 'node:net'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { checkFresh } from '../../support/admin.js'
import { HttpConnection } from '../../support/connection.js'
import type { Command } from '../../support/control.js'
import { countFds, HAS_PROC, isAlive } from '../../support/fds.js'
import { OpenClients } from '../../support/open-clients.js'
import type { Line } from '../../support/output.js'
import type { TestServer } from '../../support/server.js'
import { startServer } from '../../support/start.js'
import { tempFolder } from '../../support/temp-folder.js'
import { untilLeft, untilTrue } from '../../support/tree.js'

/** Long enough for anything that a test does in it. */
const PROBATION = 60_000

/** How a child can end when it serves already, and what the one who asked for the reload is told. */
const ENDINGS: Array<{ name: string; end: Command | NodeJS.Signals; says: RegExp }> = [
  { name: 'is killed', end: 'SIGKILL', says: /was killed by SIGKILL/ },
  { name: 'aborts', end: 'SIGABRT', says: /was killed by SIGABRT/ },
  { name: 'exits with an error', end: { command: 'exit', code: 7 }, says: /exited with code 7/ },
  { name: 'exits without an error', end: { command: 'exit', code: 0 }, says: /exited with code 0/ },
  { name: 'throws', end: { command: 'throw', message: 'boom' }, says: /boom/ },
  { name: 'closes its app', end: { command: 'close' }, says: /the app closes/ }
]

for (const { name, end, says } of ENDINGS) {
  t.test(`the parent serves again when its child ${name} within the probation`, async (t) => {
    const { server, pidFile } = await startWithPidFile(t)
    const clients = await OpenClients.open(server)
    const fds = countFds(server.pid)
    const admin = await HttpConnection.open(server.target())
    const answer = admin.request({ method: 'POST', path: '/admin/reload' })
    const child = await server.serving(2)
    await server.eventOf(server.pid, 'handed-over')
    await checkFresh(t, server, child)
    t.equal(await readFile(pidFile, 'utf8'), `${child}\n`)

    const queued = end === 'SIGKILL' ? await suspend(server, child) : []
    if (typeof end === 'string') server.signal(end, child)
    else await server.tell(end, child)
    const { status, body } = await answer
    t.match({ status, ...JSON.parse(body) }, { status: 502, code: 'GRACEFUL_ERR_ROLLED_BACK', message: says })
    admin.close()
    for (const [connection, response] of queued) {
      t.match(JSON.parse((await response).body), { pid: server.pid }, 'what was queued for the child is answered')
      connection.close()
    }
    await checkRolledBack(t, server, pidFile)
    await clients.finishWork(t, server.pid)
    // A child that throws finishes its requests in progress, and gives its connections back.
    if (HAS_PROC) await untilLeft(server, [server.pid])
    // The parent learns of the end of the child, and of the connections, after others can see it.
    await untilTrue(server, `no more descriptors than before, ${fds}`, () => countFds(server.pid) <= fds)
    await reloadAgain(t, server)
  })
}

t.test('the parent does not wait for a child that throws and still has a request in progress', async (t) => {
  const path = join(await tempFolder(t), 'socket')
  const { server, pidFile } = await startWithPidFile(t, [{ path }])
  server.signal('SIGHUP')
  const child = await server.serving(2)
  await server.eventOf(server.pid, 'handed-over')
  const busy = await HttpConnection.open(server.target())
  const slow = busy.send({ path: '/hold/slow' })
  t.equal(await server.held('slow'), child)

  await server.tell({ command: 'throw', message: 'boom' }, child)
  await server.eventOf(server.pid, 'rolled-back')
  await checkRolledBack(t, server, pidFile)
  t.equal(isAlive(child), true)
  await server.tell({ command: 'release', name: 'slow' }, child)
  t.match(JSON.parse((await slow.response).body), { pid: child }, 'what the child had begun is finished by it')
  t.equal(await server.exitOf(child), 1)
  t.equal(await readFile(pidFile, 'utf8'), `${server.pid}\n`)
  await checkFresh(t, server, server.pid)
  server.signal('SIGTERM', server.pid)
  t.equal(await server.exitOf(server.pid), 0)
  t.equal(existsSync(path), false)
  t.equal(existsSync(pidFile), false)
})

t.test('a reload that was requested in the probation follows a rollback', async (t) => {
  const { server } = await startWithPidFile(t)
  server.signal('SIGHUP')
  const bad = await server.serving(2)
  await server.eventOf(server.pid, 'handed-over')
  await server.release.configure({ release: 'good' })
  server.signal('SIGHUP', server.pid)
  await server.eventOf(server.pid, 'reload-queued')
  server.signal('SIGKILL', bad)
  await endsWithGood(t, server)
})

for (const [name, end] of Object.entries<Command | NodeJS.Signals>({
  'is killed': 'SIGKILL',
  'gives the service back': { command: 'rollback', reason: 'not well' }
})) {
  t.test(
    `the release that mends a bad one serves, though the process of the bad one got the signal and ${name}`,
    async (t) => {
      const { server, pidFile } = await startWithPidFile(t)
      server.signal('SIGHUP')
      const bad = await server.serving(2)
      await server.eventOf(server.pid, 'handed-over')
      await server.release.configure({ release: 'good' })
      server.signal('SIGHUP', Number(await readFile(pidFile, 'utf8')))
      await server.eventOf(bad, 'reload-queued')
      await server.eventOf(server.pid, 'reload-queued')
      if (typeof end === 'string') server.signal(end, bad)
      else await server.tell(end, bad)
      await endsWithGood(t, server)
    }
  )
}

t.test('a caller at a process that gives the service back learns that another process makes its reload', async (t) => {
  const { server } = await startWithPidFile(t)
  server.signal('SIGHUP')
  const bad = await server.serving(2)
  await server.eventOf(server.pid, 'handed-over')
  await server.release.configure({ release: 'good' })
  const caller = await HttpConnection.open(server.target())
  const answer = caller.request({ method: 'POST', path: '/admin/reload' })
  await server.eventOf(bad, 'reload-queued')
  await server.tell({ command: 'rollback', reason: 'not well' }, bad)
  t.match(await answer, { status: 502, body: /GRACEFUL_ERR_OUTCOME_UNKNOWN.*this process ends first \(not well\)/ })
  caller.close()
  await endsWithGood(t, server)
})

/** Stops a process without ending it; returns requests on new connections, which wait in the kernel's queue then. */
async function suspend(server: TestServer, pid: number) {
  server.signal('SIGSTOP', pid)
  const connections = await Promise.all(Array.from({ length: 5 }, () => HttpConnection.open(server.target())))
  return connections.map((connection) => [connection, connection.request({ path: '/' })] as const)
}

async function checkRolledBack(t: Test, server: TestServer, pidFile: string): Promise<void> {
  await checkFresh(t, server, server.pid)
  t.equal(await readFile(pidFile, 'utf8'), `${server.pid}\n`)
  await server.heard(server.pid)
  t.match(server.events('rolled-back'), [{ pid: server.pid, err: { code: 'GRACEFUL_ERR_ROLLED_BACK' } }])
  const hooks = server.events((line) => line.fixture === 'hook' && line.pid === server.pid)
  t.match(hooks, [{ name: 'preReload' }, { name: 'reloadFailed', error: 'GRACEFUL_ERR_ROLLED_BACK' }])
  await server.tell({ command: 'phase' }, server.pid)
  t.match(await server.eventOf(server.pid, 'phase'), { phase: 'serving', generation: 1 })
}

async function startWithPidFile(
  t: Test,
  servers: ListenOptions[] = []
): Promise<{ server: TestServer; pidFile: string }> {
  const pidFile = join(await tempFolder(t), 'pid')
  const server = await startServer(t, { config: { options: { probation: PROBATION, pidFile }, servers } })
  t.equal(await readFile(pidFile, 'utf8'), `${server.pid}\n`)
  return { server, pidFile }
}

/** The next reload hands over. */
async function reloadAgain(t: Test, server: TestServer): Promise<void> {
  await server.release.configure({ release: 'good' })
  server.signal('SIGHUP', server.pid)
  await endsWithGood(t, server)
}

/** The good release serves in the end; a stop signal to it ends both. */
async function endsWithGood(t: Test, server: TestServer): Promise<void> {
  const good = await startOfGood(server)
  await checkFresh(t, server, good, 'good')
  server.signal('SIGTERM', good)
  t.equal(await server.exitOf(server.pid), 0)
}

/** Waits until the good release serves; returns its pid. */
async function startOfGood(server: TestServer): Promise<number> {
  const test = (line: Line) => line.fixture === 'started' && line.release === 'good'
  const { pid } = await server.event({ what: 'start of the good release', test })
  return server.takenOver(pid)
}
