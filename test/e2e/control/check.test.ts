import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { leftNothing, traceOf } from '../../support/checks.js'
import { FreshClient, KeepAliveClient } from '../../support/clients.js'
import { HttpConnection } from '../../support/connection.js'
import { startWithControl } from '../../support/control-requests.js'
import { curl, NO_CURL } from '../../support/curl.js'
import { Load } from '../../support/load.js'
import { runCommand } from '../../support/package-command.js'
import { tempFolder } from '../../support/temp-folder.js'

const script = 'check.cjs'

t.jobs = 2

/** A server with all that a check could touch. */
async function startAll(t: Test) {
  const folder = await tempFolder(t)
  const pidFile = join(folder, 'pid')
  const path = join(folder, 'app.sock')
  const apps = [{ port: 0, host: '127.0.0.1' }, { path }]
  const { server, control } = await startWithControl(t, { apps, options: { pidFile } }, { script })
  return { server, control, apps, files: { pidFile, paths: [path, control] } }
}

t.test('a release that boots passes, and no client notices', { skip: NO_CURL }, async (t) => {
  const { server, control, files } = await startAll(t)
  const before = await traceOf(server, files)
  const target = server.target()
  const load = new Load([new FreshClient(target), ...[1, 2, 3].map(() => new KeepAliveClient(target))], { pause: 0 })
  await load.answered(100)
  await server.release.configure({ release: 'B', extra: { warmup: '/warm' } })
  const { status, type, lines } = await curl(control, '/check', '-d', '{"reason":"release B"}')
  await load.answered(1000)
  const { failures, connectionsClosed, answers } = await load.stop()
  t.strictSame({ failures, connectionsClosed }, { failures: [], connectionsClosed: 0 })
  t.strictSame(Object.keys(answers), ['1'], 'the generation that serves has answered all')

  t.match({ status, type }, { status: 200, type: 'application/x-ndjson; charset=utf-8' })
  const { event, result } = lines.at(-1) as { event: string; result: { pid: number } }
  t.match(
    { event, result },
    {
      event: 'done',
      result: {
        ...{ generation: 2, unchanged: true, opens: [], closes: [], closed: true, complete: true, reason: 'release B' },
        release: { directory: server.release.folder },
        timings: { boot: Number, warmup: Number, end: Number, total: Number }
      }
    }
  )
  const steps = lines.flatMap(({ event, step }) => (event === 'progress' ? [step] : []))
  t.ok(steps.includes('booting') && steps.includes('ending'), steps.join())
  t.notOk(
    steps.some((step) => step === 'waiting' || step === 'handing over'),
    steps.join()
  )

  await leftNothing(t, server, [result.pid])
  t.strictSame(await traceOf(server, files), before, 'the same process, sockets, pid file and paths')
  t.match(
    server.events((line) => line.fixture === 'role'),
    [{ isCheck: false }, { isCheck: false }, { pid: result.pid, isCheck: true }, { pid: result.pid, isCheck: true }]
  )
  t.strictSame(
    server.events('hook').filter(({ pid }) => pid === server.pid),
    [],
    'no hook has run'
  )
  for (const name of ['onReady', 'onListen'])
    t.equal(server.events((line) => line.fixture === name && line.pid === result.pid).length, 2, `${name} of both apps`)
  t.match(server.events('check-started'), [{ reason: 'release B', child: result.pid, pid: server.pid }])
  t.match(server.events('check-succeeded'), [{ result, pid: server.pid }])
  t.match((await curl(control, '/status')).lines, [{ history: { succeeded: 0, failed: 0, last: null } }])
  t.equal(await server.exitOf(result.pid), 0)
})

t.test('a release that does not boot fails with what the reload would fail with', async (t) => {
  const { server, control, files } = await startAll(t)
  const before = await traceOf(server, files)
  const check = async (...args: string[]) => {
    const { code, stdout } = await runCommand(['check', '--control', control, '--json', ...args])
    return { code, ...JSON.parse(stdout) }
  }

  await server.release.configure({ boot: 'throw' })
  t.match(await check(), {
    code: 1,
    error: { code: 'GRACEFUL_ERR_CHILD_EXITED', statusCode: 502, stderr: [/this release cannot boot/] }
  })
  const { code, stdout, stderr } = await runCommand(['check', '--control', control])
  t.match({ code, stdout }, { code: 1, stdout: /^(preparing\n)?booting(, child \d+)?\n/ })
  t.match(
    stderr,
    /^fastify-graceful-reload: the child exited .*this release cannot boot\ncode +GRACEFUL_ERR_CHILD_EXITED\nstderr +Error: this release/
  )

  const good = await server.release.read(script)
  await server.release.write(script, 'const = 1\n')
  t.match(await check(), { code: 1, error: { code: 'GRACEFUL_ERR_CHILD_EXITED', message: /SyntaxError/ } })
  await server.release.write(script, good)

  await server.release.configure({ boot: 'exit' })
  t.match(await check(), { code: 1, error: { code: 'GRACEFUL_ERR_CHILD_EXITED', exitCode: 0 } })
  await server.release.configure({ boot: 'none', extra: { warmup: '/broken' } })
  t.match(await check(), { code: 1, error: { message: /warm-up request GET \/broken was answered with status 500/ } })
  await server.release.configure({ extra: {} })
  t.match(await check(), { code: 0, generation: 2 }, 'and the next one passes')

  t.strictSame(await traceOf(server, files), before)
  t.equal(server.events('check-failed').length, 5)
  t.strictSame(server.events('reload-failed'), [])
  t.match(await runCommand(['check', '--control', control, '--wrong']), { code: 2, stdout: '' })
})

t.test('what a release listens on in addition is bound, and what it leaves is told', async (t) => {
  const { server, control, apps, files } = await startAll(t)
  const before = await traceOf(server, files)
  const folder = await tempFolder(t)
  const check = async () => JSON.parse((await runCommand(['check', '--control', control, '--json'])).stdout)
  const other = createServer().listen(0, '127.0.0.1')
  await once(other, 'listening')
  const { port } = other.address() as AddressInfo

  await server.release.configure({ apps: [...apps, { port, host: '127.0.0.1' }] })
  t.match(await check(), { error: { message: /EADDRINUSE/ } })
  other.close()
  await once(other, 'close')
  const path = join(folder, 'new.sock')
  await server.release.configure({ apps: [...apps, { port, host: '127.0.0.1' }, { path }] })
  const { opens, closes } = await check()
  t.strictSame({ opens: opens.sort(), closes }, { opens: [path, `127.0.0.1:${port}`], closes: [] })
  await server.release.configure({ apps: apps.slice(0, 1) })
  t.match(await check(), { opens: [], closes: [files.paths[0]] })
  t.strictSame(await traceOf(server, files), before)
})

t.test('a child that never listens is ended by readyTimeout', async (t) => {
  const { server, control } = await startWithControl(t, { options: { readyTimeout: 500 } }, { script })
  await server.release.configure({ boot: 'hang' })
  const { stdout } = await runCommand(['check', '--control', control, '--json'])
  t.match(JSON.parse(stdout), { error: { code: 'GRACEFUL_ERR_READY_TIMEOUT' } })
  const { child } = await server.event('check-started')
  await leftNothing(t, server, [Number(child)])
  t.equal(server.current, server.pid)
})

t.test('a copy of the state is saved and loaded; the app can ask for a check itself', async (t) => {
  const config = { extra: { state: 'good' }, options: { closeTimeout: 100 } }
  const { server } = await startWithControl(t, config, { script })
  const check = async (body?: object) => {
    const connection = await HttpConnection.open(server.target())
    const text = body === undefined ? undefined : JSON.stringify(body)
    const headers = text === undefined ? {} : { 'content-type': 'application/json' }
    const answer = await connection.request({ path: '/check', method: 'POST', headers, ...(text && { body: text }) })
    connection.close()
    return JSON.parse(answer.body)
  }
  const { pid } = await check({ reason: 'a route' })
  t.match(server.events('saving'), [{ pid: server.pid }])
  t.match(server.events('loading'), [{ pid, hits: 1 }])
  t.match(server.events('check-succeeded'), [{ result: { reason: 'a route' } }])

  await server.release.configure({ extra: { state: 'load' } })
  t.match(await check(), { code: 'GRACEFUL_ERR_CHILD_EXITED' })
  t.match(server.events('check-failed'), [{ msg: /a state of another time/ }])
  t.match(await check({ reasons: 'x' }), { code: 'GRACEFUL_ERR_INVALID_ARGUMENT', message: /graceful\.check\(\)/ })

  await server.release.configure({ extra: { close: 'hang' } })
  const result = await check()
  t.match(result, { closed: false, complete: true }, 'a child that does not close is killed, and has passed')
  await leftNothing(t, server, [result.pid])
  await server.heard()
  t.equal(server.current, server.pid)
})
