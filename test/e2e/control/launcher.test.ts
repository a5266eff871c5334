import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, readdirSync, statSync } from 'node:fs'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import type { ControlHandlers } from '../../../lib/control/http.js'
import type { ProcessStatus, ReloadHistory } from '../../../lib/control/reports.js'
import { ControlSocket } from '../../../lib/control/socket.js'
import { ChildExitedError } from '../../../lib/errors.js'
import type { ReloadResult } from '../../../lib/reload/reload-result.js'
import { bare } from '../../support/bare.js'
import { ControlClient } from '../../support/control-requests.js'
import { runCommand } from '../../support/package-command.js'
import { PACKAGE_ROOT } from '../../support/release.js'
import { tempFolder } from '../../support/temp-folder.js'

const VERSION = require(join(PACKAGE_ROOT, 'package.json')).version

const worker = (pid: number): ProcessStatus => ({
  ...{ generation: 2, pid, phase: 'serving', uptime: 1500 },
  ...{ listeners: ['127.0.0.1:3000'], connections: pid }
})

const outcome = (pid: number): ReloadResult => ({
  ...{ generation: 2, pid, previous: { generation: 1, pid: pid - 10 }, migrated: 3, reason: 'deploy' },
  timings: { boot: 300, handoff: 1, probation: 100.5, total: 401.5 }
})

const HISTORY: ReloadHistory = {
  ...{ succeeded: 2, failed: 0, rolledBack: 1, restarts: 3, codes: { GRACEFUL_ERR_ROLLED_BACK: 1 } },
  last: {
    ...{ began: '2026-11-27T08:00:00.000Z', reason: 'deploy', outcome: 'rolled back', generation: 3 },
    error: { code: 'GRACEFUL_ERR_ROLLED_BACK', message: 'it died' },
    timings: { boot: 300, total: 401 }
  }
}

/** A process with several servers, whose listen calls are not tracked. */
const HANDLERS: ControlHandlers = {
  status: () => ({
    launcher: { pid: 7, uptime: 60_000 },
    workers: [worker(20), worker(21)],
    draining: [],
    queued: null,
    history: HISTORY
  }),
  workers: () => [worker(20), worker(21)],
  reload: async () => ({ ...outcome(20), workers: [outcome(20), outcome(21)] }),
  metrics: () => {
    throw new Error('nobody asks')
  },
  stop: () => 7,
  check: () => Promise.reject(new Error('no check is asked for')),
  checkInProgress: () => undefined,
  scale: () => {
    throw new Error('nobody scales')
  },
  reloadId: () => undefined,
  inProgress: () => undefined,
  onChange: () => () => {}
}

const placeOf = (path: string) => ({ path, mode: 0o600, group: undefined })

async function open(
  t: Test,
  handlers: Partial<ControlHandlers> = {}
): Promise<{ socket: ControlSocket; path: string }> {
  const path = join(await tempFolder(t), 'control.sock')
  const socket = new ControlSocket({ ...HANDLERS, ...handlers })
  await socket.openAlone(placeOf(path))
  t.teardown(() => socket.close())
  return { socket, path }
}

t.test('the status and the reload of several servers', async (t) => {
  const { path } = await open(t)
  const json = await runCommand(['status', '--json', '--control', path])
  t.strictSame(JSON.parse(json.stdout), {
    ...{ version: 2, plugin: VERSION, node: process.version },
    ...(await HANDLERS.status())
  })
  const told = await runCommand(['status', '--control', path])
  t.strictSame(
    { ...told, stdout: told.stdout.replace(/back .* ago$/m, 'back some time ago') },
    {
      ...{ code: 0, stderr: '' },
      stdout: `launcher     pid 7
uptime       1 min
plugin       ${VERSION}

worker       1 of 2
phase        serving
generation   2
pid          20
uptime       1.5 s
listeners    127.0.0.1:3000
connections  20

worker       2 of 2
phase        serving
generation   2
pid          21
uptime       1.5 s
listeners    127.0.0.1:3000
connections  21

reloads      2 succeeded, 1 rolled back, 3 restarts after a crash
last         generation 3 rolled back some time ago
because      it died [GRACEFUL_ERR_ROLLED_BACK]
asked by     deploy, at 2026-11-27T08:00:00.000Z
took         401 ms: boot 300 ms
`
    }
  )
  const reloaded = await runCommand(['reload', '--json', '--control', path])
  t.strictSame(JSON.parse(reloaded.stdout), await HANDLERS.reload(''))
  const { stdout } = await runCommand(['reload', '--no-progress', '--control', path])
  t.match(
    stdout,
    /^worker +1 of 2\nreloaded +generation 2, pid 20\n.*\n\nworker +2 of 2\nreloaded +generation 2, pid 21\n/s
  )
})

t.test('an error of a handler is reported', async (t) => {
  const died = Object.assign(new ChildExitedError('exited with code 3'), {
    exitCode: 3,
    signal: null,
    stderr: ['ouch']
  })
  const status = () => {
    throw new Error('not now')
  }
  const { path } = await open(t, { status, reload: () => Promise.reject(died) })
  const failed = await runCommand(['reload', '--json', '--control', path])
  t.strictSame(JSON.parse(failed.stdout), {
    error: {
      ...{ code: 'GRACEFUL_ERR_CHILD_EXITED', message: 'the child exited with code 3 before it was ready' },
      ...{ statusCode: 502, stderr: ['ouch'], exitCode: 3, signal: null }
    }
  })
  t.match(await runCommand(['status', '--control', path]), {
    code: 1,
    stderr: 'fastify-graceful-reload: not now\ncode  Error\n'
  })
})

t.test('only its user reaches the socket, which is removed with the process that opened it', async (t) => {
  const { socket, path } = await open(t)
  t.equal((statSync(path).mode & 0o777).toString(8), '600')
  t.strictSame(readdirSync(join(path, '..')), ['control.sock'])
  const waiting = await ControlClient.open(path)
  t.match(await waiting.ask({ command: 'status' }), { status: { launcher: { pid: 7 } } })
  const second = new ControlSocket(HANDLERS)
  await t.rejects(second.openAlone(placeOf(path)), {
    ...{ code: 'GRACEFUL_ERR_CONTROL_SOCKET', message: /another process serves there/, cause: { code: 'EADDRINUSE' } }
  })
  t.match(await runCommand(['status', '--control', path]), { code: 0 }, 'and it goes on')
  socket.close()
  t.notOk(existsSync(path))
})

t.test('nobody else could have reached it before, at any name', async (t) => {
  const folder = await tempFolder(t)
  const socket = new ControlSocket(HANDLERS)
  const seen: string[] = []
  // The first moment that there is to see.
  socket.server.prependOnceListener('listening', () => {
    for (const name of readdirSync(folder)) seen.push((statSync(join(folder, name)).mode & 0o077).toString(8))
  })
  const before = process.umask(0)
  t.teardown(() => process.umask(before))
  await socket.openAlone(placeOf(join(folder, 'control.sock')))
  t.equal(process.umask(), 0, 'the umask is that of before')
  socket.close()
  t.strictSame(seen, ['0'])
})

t.test('who waits for an answer when it closes gets it', async (t) => {
  let finish!: () => void
  const asked = new Promise<void>((resolve) => {
    finish = resolve
  })
  let begun!: () => void
  const isAsked = new Promise<void>((resolve) => {
    begun = resolve
  })
  const reload = async () => {
    begun()
    await asked
    return outcome(20)
  }
  const { socket, path } = await open(t, { reload })
  const client = await ControlClient.open(path)
  const answer = client.ask({ command: 'reload', reason: 'deploy' })
  await isAsked
  socket.close()
  finish()
  t.match(await answer, { reload: { pid: 20 } })
})

t.test('what a crash left behind is replaced; what is no socket, or cannot be had, is not', async (t) => {
  const folder = await tempFolder(t)
  const path = join(folder, 'control.sock')
  const listen = `require('net').createServer().listen(${JSON.stringify(path)}, () => console.log('listens'))`
  const crashing = spawn(...bare({}, process.execPath, ['-e', listen]), { stdio: ['ignore', 'pipe', 'inherit'] })
  await once(crashing.stdout, 'data')
  crashing.kill('SIGKILL')
  await once(crashing, 'exit')
  t.ok(existsSync(path))
  const socket = new ControlSocket(HANDLERS)
  await socket.openAlone(placeOf(path))
  t.match(await runCommand(['status', '--control', path]), { code: 0 })
  socket.close()
  t.notOk(existsSync(path))
  for (const place of [folder, join(folder, 'x'.repeat(120)), join(folder, 'missing', 'socket')])
    await t.rejects(new ControlSocket(HANDLERS).openAlone(placeOf(place)), { code: 'GRACEFUL_ERR_CONTROL_SOCKET' })
})
