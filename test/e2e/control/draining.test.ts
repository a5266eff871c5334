import { request } from 'node:http'
import type { Socket } from 'node:net'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import type { ControlStatus } from '../../../lib/control/messages.js'
import { HttpConnection, type Target } from '../../support/connection.js'
import { askControl, startWithControl } from '../../support/control-requests.js'
import { NO_CURL } from '../../support/curl.js'
import { metricsAt } from '../../support/metrics.js'
import { runCommand } from '../../support/package-command.js'
import type { TestServer } from '../../support/server.js'
import { startServer } from '../../support/start.js'
import { tempFolder } from '../../support/temp-folder.js'
import { untilLeft, untilTrue } from '../../support/tree.js'
import { startWorkers } from '../../support/workers.js'

t.jobs = 2

const OPTIONS = { probation: 50, drainTimeout: 60_000, reloadDrainTimeout: 60_000 }

/** What may be in a path, and must be in no status. */
const SECRET = 'c3VyZWx5LWEtc2VjcmV0'

async function statusOf(control: string): Promise<ControlStatus> {
  const answer = await askControl(control, { command: 'status' })
  if (!('status' in answer)) throw new Error(JSON.stringify(answer))
  return answer.status
}

const reload = (control: string) => askControl(control, { command: 'reload' })

/** Has this generation answer requests until it is released. */
async function hold(server: TestServer, ...names: string[]): Promise<HttpConnection[]> {
  return Promise.all(
    names.map(async (name) => {
      const connection = await HttpConnection.open(server.target())
      connection.send({ path: `/hold/${name}?token=${SECRET}` }).response.catch(() => {})
      await server.held(name)
      return connection
    })
  )
}

async function background(server: TestServer, name: string): Promise<void> {
  const connection = await HttpConnection.open(server.target())
  await connection.request({ method: 'POST', path: `/background/${name}` })
  connection.close()
}

function seesNoSecret(t: Test, status: ControlStatus): void {
  t.notMatch(JSON.stringify(status), new RegExp(SECRET))
}

t.test('a process goes on and drains no more when one of its apps has closed', async (t) => {
  const port = { port: 0, host: '127.0.0.1' }
  const { server, control } = await startWithControl(t, { apps: [port, port], options: OPTIONS })
  const connection = await HttpConnection.open(server.target(1))
  const answer = connection.request({ path: '/hold/last' })
  await server.held('last')
  await server.tell({ command: 'close', index: 1 })
  await server.event('draining')
  t.match((await statusOf(control)).workers, [{ phase: 'serving', drain: { requests: { count: 1 } } }])
  await server.tell({ command: 'release', name: 'last' })
  t.equal((await answer).status, 200)
  await server.event('app closed')
  t.match((await statusOf(control)).workers, [{ phase: 'serving', drain: undefined }])
  t.equal(await server.stop(), 0)
})

t.test('each earlier generation that still finishes its work', async (t) => {
  const { server, control } = await startWithControl(t, { options: OPTIONS })
  const first = server.pid
  t.strictSame((await statusOf(control)).draining, [])
  await hold(server, SECRET, 'b', 'c', 'd', 'e', 'f')
  await background(server, 'mail')
  await reload(control)
  await server.eventOf(first, 'draining')
  const one = await statusOf(control)
  seesNoSecret(t, one)
  t.match(one, {
    workers: [{ generation: 2, drain: undefined, memory: { rss: Number, heapUsed: Number } }],
    draining: [
      {
        ...{ generation: 1, pid: first, phase: 'draining', memory: { rss: Number } },
        drain: { reason: String, requests: { count: 6 }, holds: ['mail'], upgraded: 0 }
      }
    ]
  })
  const { requests, left, elapsed } = one.draining[0]?.drain ?? {}
  t.match(requests?.oldest, Array(5).fill({ method: 'GET', route: '/hold/:name', age: Number }))
  t.ok(Number(left) > 0 && Number(left) + Number(elapsed) <= 60_000, `${left} of 60000`)

  const second = server.current
  await hold(server, 'g')
  await reload(control)
  await server.eventOf(second, 'draining')
  const two = await statusOf(control)
  seesNoSecret(t, two)
  t.match(two, {
    workers: [{ generation: 3 }],
    draining: [
      { generation: 2, drain: { requests: { count: 1, oldest: [{ route: '/hold/:name' }] } } },
      { generation: 1, drain: { requests: { count: 6 } } }
    ]
  })
  const { stdout } = await runCommand(['status', '--control', control])
  t.match(
    stdout,
    new RegExp(
      `^draining +generation 2, pid ${second}, for .* \\(.*\\)\ncut off +in .* s\n` +
        'requests +GET /hold/:name, for .*s\nopen +1 connection\n.*' +
        `^draining +generation 1, pid ${first}, .*\ncut off +in .* s\nrequests +GET /hold/:name, for .*s\n( +)GET /hold/:name, for .*s\n.*and 1 younger\nholds +mail\n`,
      'ms'
    )
  )

  process.kill(second, 'SIGSTOP')
  const stuck = await statusOf(control)
  process.kill(second, 'SIGCONT')
  t.match(stuck.draining, [{ generation: 2, pid: second, phase: 'no answer' }])
  t.equal(stuck.draining.length, 1, 'no other process can report those behind it')
  process.kill(first, 'SIGKILL')
  process.kill(second, 'SIGKILL')
  await untilLeft(server, [server.current])
  t.strictSame((await statusOf(control)).draining, [])
})

t.test('background work alone is all that a process still finishes', async (t) => {
  const { server, control } = await startWithControl(t, { options: { ...OPTIONS, probation: 0 } })
  const first = server.pid
  await background(server, 'mail')
  await reload(control)
  await server.eventOf(first, 'draining')
  const holds = async () => String((await statusOf(control)).draining[0]?.drain?.holds)
  await untilTrue(server, 'a status with nothing but the hold', async () => (await holds()) === 'mail')
  await server.tell({ command: 'release', name: 'mail' }, first)
  t.equal(await server.exitOf(first), 0)
})

/** Nothing can tell its clients to go, so a drain waits for them. */
const ANOTHER_PROTOCOL = `
const { start } = require('./app.cjs')
const head = 'HTTP/1.1 101 Switching Protocols\\r\\nConnection: Upgrade\\r\\nUpgrade: echo\\r\\n\\r\\n'
const extend = (app) => app.server.on('upgrade', (_request, socket) => {
  socket.on('error', () => {}).on('end', () => socket.end()).resume().write(head)
})
start({ Fastify: require('fastify'), graceful: require('fastify-graceful-reload'), extend })
`

function upgrade(target: Target): Promise<Socket> {
  const headers = { connection: 'Upgrade', upgrade: 'echo' }
  return new Promise((resolve, reject) => {
    const asked = request({ ...('path' in target ? { socketPath: target.path } : target), headers })
    asked.on('upgrade', (_response, socket) => resolve(socket as Socket)).on('error', reject)
    asked.end()
  })
}

t.test('connections of another protocol', { skip: NO_CURL }, async (t) => {
  const control = join(await tempFolder(t), 'control.sock')
  const { server } = await startWorkers(t, {
    ...{ count: 1, env: { FASTIFY_GRACEFUL_CONTROL: control }, config: { options: OPTIONS } },
    edit: (release) => release.write('server.cjs', ANOTHER_PROTOCOL)
  })
  const client = await upgrade(server.target())
  t.teardown(() => client.destroy())
  const before = await metricsAt(control)
  t.match(before.all('upgraded_connections'), { '{worker="1",role="serving"}': 1, '{worker="1",role="draining"}': 0 })
  const [pid = 0] = server.events('serving').map(({ pid }) => pid)
  t.match(await askControl(control, { command: 'stop' }), { stopping: { pid: server.pid } })
  await server.eventOf(pid, 'draining')
  t.match((await statusOf(control)).workers, [{ pid, phase: 'draining', connections: 1, drain: { upgraded: 1 } }])
  const after = await metricsAt(control)
  t.strictSame(after.all('upgraded_connections'), { '{worker="1",role="draining"}': 1 })
  const { stdout } = await runCommand(['status', '--control', control])
  t.match(stdout, /^upgraded +1 connection, such as WebSockets$/m)
  client.destroy()
  t.equal((await server.exit).code, 0)
})

t.test('a child that was taken back, and still finishes what it has', async (t) => {
  const { server, control } = await startWithControl(t, { options: { ...OPTIONS, probation: 60_000 } })
  const asked = reload(control)
  const child = await server.serving(2)
  await server.event('handed-over')
  await hold(server, 'a')
  const { workers, draining } = await statusOf(control)
  t.match(workers, [{ pid: child, reload: { role: 'child' } }])
  t.strictSame(draining, [], 'the parent may come back')
  await server.tell({ command: 'rollback', reason: 'bad feeling' }, child)
  t.match(await asked, { error: { code: 'GRACEFUL_ERR_ROLLED_BACK' } })
  await server.eventOf(child, 'draining')
  t.match(await statusOf(control), {
    workers: [{ pid: server.pid, phase: 'serving' }],
    draining: [{ generation: 2, pid: child, drain: { requests: { oldest: [{ route: '/hold/:name' }] } } }]
  })
  await server.tell({ command: 'release', name: 'a' }, child)
  t.equal(await server.exitOf(child), 0)
})

t.test('the servers of a launcher, and a reload that waits', async (t) => {
  const control = join(await tempFolder(t), 'control.sock')
  const server = await startServer(t, { launcher: ['--control', control], config: { options: OPTIONS } })
  const first = server.current
  await hold(server, SECRET)
  await reload(control)
  await server.eventOf(first, 'draining')
  const status = await statusOf(control)
  seesNoSecret(t, status)
  t.match(status, {
    launcher: { memory: { rss: Number } },
    workers: [{ generation: 2, memory: { rss: Number } }],
    ...{ queued: null, history: { last: { unchanged: true } } },
    draining: [{ generation: 1, pid: first, drain: { requests: { count: 1, oldest: [{ route: '/hold/:name' }] } } }]
  })
  process.kill(first, 'SIGSTOP')
  t.match((await statusOf(control)).draining, [{ generation: 1, pid: first, phase: 'no answer' }])
  process.kill(first, 'SIGCONT')

  await server.release.configure({ boot: 'hang' })
  const reloads = [reload(control)]
  const { pid: hanging } = await server.event('boot')
  reloads.push(askControl(control, { command: 'reload', reason: 'release 43' }))
  await server.said(/one more will follow/)
  t.match(await statusOf(control), { queued: { reason: 'release 43' } })
  t.match((await runCommand(['status', '--control', control])).stdout, /^queued +release 43$/m)
  await server.release.configure({ boot: 'none' })
  process.kill(Number(hanging), 'SIGKILL')
  t.match(await Promise.all(reloads), [{ error: { code: 'GRACEFUL_ERR_CHILD_EXITED' } }, { reload: { generation: 3 } }])
  await server.tell({ command: 'release', name: SECRET }, first)
  t.equal(await server.exitOf(first), 0)
})

/** Its app closes when it gets SIGUSR2. */
const SLOW_TO_CLOSE = `
const { start } = require('./app.cjs')
const extend = (app) => {
  const told = new Promise((resolve) => process.once('SIGUSR2', resolve))
  app.addHook('onClose', () => told)
}
start({ Fastify: require('fastify'), graceful: require('fastify-graceful-reload'), extend })
`

t.test('nothing but its hooks keeps a process from its end', async (t) => {
  const control = join(await tempFolder(t), 'control.sock')
  const options = { ...OPTIONS, closeTimeout: 60_000 }
  const { server } = await startWorkers(t, {
    ...{ count: 1, env: { FASTIFY_GRACEFUL_CONTROL: control }, config: { options } },
    edit: (release) => release.write('server.cjs', SLOW_TO_CLOSE)
  })
  const [first = 0] = server.events('serving').map(({ pid }) => pid)
  await reload(control)
  const closing = (pid: number) =>
    server.event({ what: `onClose of ${pid}`, test: (line) => line.fixture === 'onClose' && line.pid === pid })
  await closing(first)
  t.match((await statusOf(control)).draining, [
    { pid: first, drain: { requests: { count: 0 }, holds: ['onClose hooks'] } }
  ])
  process.kill(first, 'SIGUSR2')
  await server.exitOf(first)
  const [second = 0] = (await statusOf(control)).workers.map(({ pid }) => pid)
  process.kill(server.pid, 'SIGTERM')
  await closing(second)
  const { stdout } = await runCommand(['status', '--control', control])
  t.match(stdout, /^phase +draining, for .* at most$.*^drain +for .* \(.+\)\nholds +onClose hooks$/ms)
  for (const said of ['at most', 'connections', 'memory  ']) {
    const ofWorker = stdout.slice(stdout.indexOf('phase'))
    t.equal(ofWorker.split(said).length, 2, `${said} once`)
  }
  process.kill(second, 'SIGUSR2')
  await server.exitOf(second)
})
