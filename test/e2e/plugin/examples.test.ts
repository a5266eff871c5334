import { once } from 'node:events'
import { readdirSync } from 'node:fs'
import { readFile, rm, writeFile } from 'node:fs/promises'
import { connect } from 'node:net'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { Example } from '../../support/example.js'
import { PACKAGE_ROOT } from '../../support/release.js'
import { WebSocketClient } from '../../support/websocket.js'

t.jobs = 3

const tested = new Set<string>()

/** A test of one file of example/: starts it, then runs the story. */
function testExample(file: string, story: (t: Test, path: string) => Promise<void>): void {
  tested.add(file)
  // TypeScript is compiled first, like the package itself.
  const path = file.endsWith('.mts') ? `dist/example/${file.replace('.mts', '.mjs')}` : `example/${file}`
  t.test(file, (t) => story(t, path))
}

for (const file of ['minimal.mjs', 'minimal.cjs', 'systemd/server.mjs', 'deploy/server.js']) {
  testExample(file, async (t, path) => {
    // The folder of deploy is a separate package.
    const example = await Example.start(t, path, { copied: file.startsWith('deploy/'), env: { HOST: '127.0.0.1' } })
    const { pid } = example
    t.match(await (await example.ask('/')).json(), { hello: 'world', pid })
    await example.reload()
    t.not(example.pid, pid)
    t.match(await (await example.ask('/')).json(), { hello: 'world', pid: example.pid })
    t.equal(await example.stop(), 0)
  })
}

testExample('typescript.mts', async (t, path) => {
  const example = await Example.start(t, path)
  t.match(await (await example.ask('/')).json(), { generation: 1, phase: 'serving' })
  await example.reload()
  await example.event((line) => /^generation 2 was ready after/.test(line.msg ?? ''))
  t.match(await (await example.ask('/')).json(), { generation: 2, phase: 'serving' })
  t.equal(await example.stop(), 0)
})

testExample('admin-route.mjs', async (t, path) => {
  const example = await Example.start(t, path, { env: { ADMIN_TOKEN: 'secret' }, copied: true })
  const reload = (authorization?: string) =>
    example.ask('/admin/reload', { method: 'POST', headers: authorization === undefined ? {} : { authorization } })

  for (const wrong of [undefined, 'Bearer', 'Bearer wrong', 'Bearer secret2', 'secret']) {
    const refused = await reload(wrong)
    t.equal(refused.status, 401, `${wrong}`)
    t.equal(refused.headers.get('www-authenticate'), 'Bearer')
  }
  t.strictSame(example.output.all('reload-started'), [], 'nobody without the token has started anything')

  const script = join(example.folder, 'admin-route.mjs')
  const good = await readFile(script, 'utf8')
  await writeFile(script, 'this is no JavaScript')
  const failed = await reload('Bearer secret')
  t.equal(failed.status, 502)
  t.match(await failed.json(), { code: 'GRACEFUL_ERR_CHILD_EXITED' })
  await writeFile(script, good)

  const first = example.pid
  const reloaded = await reload('Bearer secret')
  t.equal(reloaded.status, 200)
  const { pid } = await example.serving(2)
  t.match(await reloaded.json(), { generation: 2, pid, previous: { pid: first }, reason: 'admin route' })
  await example.reload()
  t.match(await (await example.ask('/')).json(), { generation: 3 })
  t.equal(await example.stop(), 0)
})

testExample('two-apps.mjs', async (t, path) => {
  const example = await Example.start(t, path, { apps: 2 })
  t.match(await (await example.ask('/')).json(), { requests: 1 })
  t.equal(await (await example.ask('/metrics')).text(), 'requests_total 1\n')
  await example.reload()
  t.equal(
    await (await example.ask('/metrics')).text(),
    'requests_total 0\n',
    'the new generation counts from the start'
  )
  t.match(await (await example.ask('/')).json(), { requests: 1 })
  t.equal(await example.stop(), 0)
})

testExample('sse.mjs', async (t, path) => {
  const example = await Example.start(t, path)
  const before = await example.ask('/events')
  t.equal(before.headers.get('content-type'), 'text/event-stream')
  const text = before.text()
  await example.reload()
  t.match(
    await text,
    /^retry: 100\n\n(id: \d+\ndata: \{"generation":1,"now":\d+\}\n\n)+$/,
    'the stream has ended as it should'
  )

  const after = await example.ask('/events')
  const [rest] = await Promise.all([after.text(), example.stop()])
  t.match(rest, /^retry: 100\n\n/)
})

testExample('websocket.mjs', async (t, path) => {
  const example = await Example.start(t, path)
  const line = await example.event(({ msg }) => /^Server listening at http/.test(msg ?? ''))
  const target = { host: 'localhost', port: Number(/:(\d+)$/.exec(line.msg ?? '')?.[1]) }
  const [echo, count, clock] = await Promise.all(
    ['/echo', '/count?name=Ada', '/clock'].map((path) => WebSocketClient.open(target, path))
  )
  if (!echo || !count || !clock) throw new Error('three were opened')
  t.same(JSON.parse(await echo.ask('hello')), { text: 'hello', generation: 1 })
  t.same(JSON.parse(await count.ask('')), { count: 1, generation: 1 })
  await example.reload()
  t.match(await clock.closed, { code: 1012 })
  t.same(JSON.parse(await echo.ask('again')), { text: 'again', generation: 2 })
  t.same(JSON.parse(await count.ask('')), { count: 2, generation: 2 })
  for (const client of [echo, count]) t.match(await client.close(), { code: 1000 })
  await example.event(({ msg }) => msg === 'Ada has left')
  t.equal(example.output.all(({ msg }) => msg === 'Ada has come').length, 1)
  t.equal(await example.stop(), 0)
  t.equal(example.output.all(({ msg }) => msg === 'Ada has left').length, 1)
})

testExample('hooks.mjs', async (t, path) => {
  const example = await Example.start(t, path)
  const said = (pattern: RegExp) => example.event((line) => pattern.test(line.msg ?? ''))
  const lock = join(example.folder, 'deploy.lock')

  await writeFile(lock, '')
  process.kill(example.pid, 'SIGHUP')
  await said(/^generation 1 serves on: GRACEFUL_ERR_VETOED$/)
  await rm(lock)
  t.equal((await example.ask('/status/ready')).status, 200)
  await example.reload()
  await said(/^generation 2 has taken over$/)

  t.equal((await example.ask('/mails', { method: 'POST' })).status, 202)
  t.equal(await example.stop(), 0)
  // Sorted by time: pino writes in the background, and when the process exits, its last lines may come out first.
  const when = async (name: string) =>
    (await example.event((line) => (line.graceful ?? line.msg) === name && line.pid === example.pid)).time as number
  const [draining, sent, closed] = [await when('draining'), await when('mail sent'), await when('closed')]
  t.ok(draining < sent, 'the mail was still to be sent when the drain began')
  t.ok(sent <= closed, 'the drain has waited for it')
  await said(/^no new work from here on/)
})

testExample('signal-hooks.mjs', async (t, path) => {
  const example = await Example.start(t, path)
  const said = (pattern: RegExp, pid: number) =>
    example.event((line) => line.pid === pid && pattern.test(line.msg ?? ''))
  const first = example.pid
  await example.reload()
  await said(/^received SIGHUP \(reload\) while serving$/, first)
  await said(/^after SIGHUP this process is reloading$/, first)
  const { pid } = example
  t.equal(await example.stop(), 0)
  await said(/^received SIGTERM \(stop\) while serving$/, pid)
  t.match(await readFile(join(example.folder, 'stops.txt'), 'utf8'), new RegExp(`^SIGTERM .* ${pid}\n$`))
})

testExample('state.mjs', async (t, path) => {
  const example = await Example.start(t, path)
  t.match(await (await example.ask('/home')).json(), { visits: 1, generation: 1 })
  await example.reload()
  t.match(await (await example.ask('/home')).json(), { visits: 2, generation: 2 })
  t.equal(await example.stop(), 0)
})

testExample('health.mjs', async (t, path) => {
  const example = await Example.start(t, path)
  const { pid } = example
  const file = join(example.folder, 'products.json')
  process.kill(pid, 'SIGHUP')
  const { err } = await example.event('rolled-back')
  t.match(err, {
    code: 'GRACEFUL_ERR_ROLLED_BACK',
    message: /gave up \(the health check failed: ENOENT: .*products.json/
  })
  await writeFile(file, '["tea"]')
  t.match(await (await example.ask('/')).json(), { products: ['tea'], generation: 1 })
  process.kill(pid, 'SIGHUP')
  await example.event((line) => line.graceful === 'closed' && line.pid === pid)
  t.match(await (await example.ask('/')).json(), { products: ['tea'], generation: 2 })
  t.equal(await example.stop(), 0)
})

testExample('tcp-service.mjs', async (t, path) => {
  const example = await Example.start(t, path)
  const line = await example.event(({ msg }) => /^echo service on port/.test(msg ?? ''))
  const port = Number(line.msg?.split(' ').at(-1))
  const before = connect(port, '127.0.0.1').setEncoding('utf8')
  t.teardown(() => before.destroy())
  before.write('hello')
  t.same(await once(before, 'data'), ['hello'])
  const bye = once(before, 'data')
  await example.reload()
  t.same(await bye, ['bye\n'])

  const after = connect(port, '127.0.0.1').setEncoding('utf8')
  t.teardown(() => after.destroy())
  after.write('again')
  t.same(await once(after, 'data'), ['again'])
  t.match(await (await example.ask('/')).json(), { hello: 'world' })
  t.equal(await example.stop(), 0)
})

testExample('diagnostics.mjs', async (t, path) => {
  const example = await Example.start(t, path, { copied: true })
  const reloads = async () => (await example.ask('/reloads')).json()
  t.match(await reloads(), { succeeded: 0, failed: 0, last: null, inProgress: false })
  const script = join(example.folder, 'diagnostics.mjs')
  const good = await readFile(script, 'utf8')
  await writeFile(script, 'this is no JavaScript')
  process.kill(example.pid, 'SIGHUP')
  await example.event(({ msg }) => /SIGHUP ended in GRACEFUL_ERR_CHILD_EXITED$/.test(msg ?? ''))
  await writeFile(script, good)
  await example.reload()
  t.match(await reloads(), {
    ...{ succeeded: 1, failed: 1, last: { outcome: 'succeeded', generation: 2 } },
    failuresByCode: { GRACEFUL_ERR_CHILD_EXITED: 1, GRACEFUL_ERR_VETOED: 0, other: 0 }
  })
  t.equal(await example.stop(), 0)
})

t.test('every example has a test', async (t) => {
  const entries = readdirSync(join(PACKAGE_ROOT, 'example'), { withFileTypes: true })
  const files = entries.filter((entry) => entry.isFile() && entry.name !== 'README.md')
  const servers = ['deploy/server.js', 'systemd/server.mjs']
  // Of e2e/frameworks/fastify-cli-templates, and of demo.
  for (const file of ['fastify-cli-plugin.mjs', 'demo.mjs']) tested.add(file)
  t.strictSame([...files.map(({ name }) => name), ...servers].sort(), [...tested].sort())
})
