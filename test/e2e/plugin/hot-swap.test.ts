import { cp, rm, writeFile } from 'node:fs/promises'
import { connect } from 'node:net'
import { networkInterfaces } from 'node:os'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { HttpConnection } from '../../support/connection.js'
import { Example } from '../../support/example.js'
import { within } from '../../support/limit.js'
import type { Line } from '../../support/output.js'
import { PACKAGE_ROOT } from '../../support/release.js'

// example/hot-swap, started as it is, from a copy of its folder: tests write modules beside its own ones.
t.jobs = 2

const FILES = ['handlers', 'handlers.mjs', 'update-port.mjs']

async function start(t: Test): Promise<Example> {
  const prepare = (folder: string) =>
    Promise.all(
      FILES.map((name) => cp(join(PACKAGE_ROOT, 'example/hot-swap', name), join(folder, name), { recursive: true }))
    )
  return Example.start(t, 'example/hot-swap/server.mjs', { apps: 2, copied: true, prepare })
}

/** Where an app listens, by the lines of its log. */
async function portOf(example: Example, app: 'service' | 'update'): Promise<number> {
  const line = await example.event(({ msg }) => /^the update port is/.test(msg ?? ''))
  const update = portIn(line)
  if (app === 'update') return update
  const isService = (other: Line) => /^Server listening at http:/.test(other.msg ?? '') && portIn(other) !== update
  return portIn(await example.event(isService))
}

function portIn({ msg = '' }: Line): number {
  return Number(/:(\d+)$/.exec(msg)?.[1])
}

const write = (example: Example, name: string, code: string) =>
  writeFile(join(example.folder, 'handlers', `${name}.mjs`), code)

interface Answer {
  status: number
  body: Record<string, unknown>
}

async function swap(example: Example, body: unknown, headers: Record<string, string> = {}): Promise<Answer> {
  const connection = await HttpConnection.open({ host: '127.0.0.1', port: await portOf(example, 'update') })
  const response = await connection.request({
    method: 'POST',
    path: '/handler',
    headers: { host: '127.0.0.1', connection: 'close', 'content-type': 'application/json', ...headers },
    body: JSON.stringify(body)
  })
  return { status: response.status, body: JSON.parse(response.body) }
}

async function ask(example: Example, path = '/'): Promise<unknown> {
  return (await example.ask(path)).json()
}

async function handlerInUse(example: Example): Promise<unknown> {
  const url = `http://127.0.0.1:${await portOf(example, 'update')}/handler`
  return (await fetch(url, { headers: { connection: 'close' } })).json()
}

/** Reports that it has begun, and answers when the event comes. */
const HELD = `export default async function held(request) {
  const released = new Promise((resolve) => process.once('release', resolve))
  request.log.info('held')
  await released
  return { handler: 'held' }
}`

/** Lets the held requests go on, with any handler in use. */
const RELEASE = `export default async function release() {
  return { handler: 'release', released: process.emit('release') }
}`

t.test('requests in progress finish on the old handler, and new ones meet the new one at once', async (t) => {
  const example = await start(t)
  const { pid } = example
  t.strictSame(await ask(example, '/?name=Ada'), { hello: 'Ada' })
  t.match(await swap(example, { module: 'count' }), { status: 200, body: { name: 'count', load: 2 } })
  t.strictSame(await ask(example), { requests: 1 })
  t.strictSame(await ask(example), { requests: 2 })
  t.match(await swap(example, { module: 'count' }), { status: 200, body: { name: 'count', load: 3 } })
  t.strictSame(await ask(example), { requests: 1 }, 'the same file, loaded anew')

  await Promise.all([write(example, 'held', HELD), write(example, 'release', RELEASE)])
  t.match(await swap(example, { module: 'held' }), { status: 200 })
  const connection = await HttpConnection.open({ host: '127.0.0.1', port: await portOf(example, 'service') })
  const held = connection.send({ path: '/' })
  await example.event(({ msg }) => msg === 'held')
  t.match(await swap(example, { module: 'release' }), { status: 200 })
  t.strictSame(await ask(example), { handler: 'release', released: true })
  t.strictSame(JSON.parse((await held.response).body), { handler: 'held' })
  t.match(await connection.request({ path: '/' }), { body: /"handler":"release"/ }, 'on the same connection')
  connection.close()
  t.equal(example.pid, pid)
  t.equal(await example.stop(), 0)
})

t.test('a module that does not load changes nothing, and the caller learns why', async (t) => {
  const example = await start(t)
  const bad: Array<[name: string, code: string, why: RegExp]> = [
    ['syntax', 'this is no JavaScript', /the handler syntax does not load: SyntaxError: /],
    ['throws', `throw new Error('no database')`, /the handler throws does not load: Error: no database$/],
    ['imports', `import 'no-such-package'`, /the handler imports does not load: Error.*no-such-package/],
    ['lacks', 'export const handler = () => {}', /the handler lacks has no function as its default export/],
    ['is-text', `export default 'text'`, /has no function as its default export/]
  ]
  for (const [name, code, message] of bad) {
    await write(example, name, code)
    t.match(await swap(example, { module: name }), { status: 422, body: { message } })
  }
  t.match(await swap(example, { module: 'not-there' }), { status: 422, body: { message: /Cannot find module/ } })
  t.strictSame(await ask(example), { hello: 'world' })
  await write(example, 'throws', 'export default async () => ({ mended: true })')
  t.match(await swap(example, { module: 'throws' }), { status: 200 })
  t.strictSame(await ask(example), { mended: true })
  t.equal(await example.stop(), 0)
})

t.test('a module that never finishes loading is given up, and changes nothing', async (t) => {
  const example = await start(t)
  t.match(await swap(example, { module: 'count' }), { status: 200, body: { load: 2 } })
  await write(example, 'hangs', 'await new Promise(() => {})\nexport default async () => ({ hangs: true })')
  const swapping = swap(example, { module: 'hangs' })
  t.strictSame(await ask(example), { requests: 1 })
  t.match(await within(swapping, 'refusal of the module'), {
    status: 422,
    body: { message: /^the handler hangs does not load: .* longer than 5000 ms$/ }
  })
  t.match(await handlerInUse(example), { name: 'count', load: 2 })
  t.strictSame(await ask(example), { requests: 2 }, 'the same handler, with its state')
  t.match(await swap(example, { module: 'hello' }), { status: 200 }, 'the next swap does not wait for it')
  t.strictSame(await ask(example), { hello: 'world' })
  t.equal(await example.stop(), 0)
})

t.test('several swaps at once: the last requested one is in use', async (t) => {
  const example = await start(t)
  await write(example, 'slow', 'await new Promise(setImmediate)\nexport default async () => ({ slow: true })')
  const answers = await Promise.all(['slow', 'count', 'slow', 'hello'].map((module) => swap(example, { module })))
  t.strictSame(
    answers.map(({ status }) => status),
    [200, 200, 200, 200]
  )
  const last = answers.map(({ body }) => body as { name: string; load: number }).sort((a, b) => b.load - a.load)[0]
  t.match(await handlerInUse(example), last)
  t.equal(await example.stop(), 0)
})

t.test('nobody else can swap: another address, a foreign page, a path', async (t) => {
  const example = await start(t)
  const port = await portOf(example, 'update')
  const others = Object.values(networkInterfaces()).flatMap((all = []) =>
    all.filter(({ family, internal }) => family === 'IPv4' && !internal).map(({ address }) => address)
  )
  // Each address of 127.0.0.0/8 is one of Linux itself.
  if (process.platform === 'linux') others.push('127.0.0.2')
  for (const host of others) t.equal(await refusal(host, port), 'ECONNREFUSED', host)

  for (const host of ['evil.example', `evil.example:${port}`, '127.0.0.1.evil.example', 'localhost.evil.example'])
    t.match(await swap(example, { module: 'count' }, { host }), { status: 403, body: { message: /Host header/ } }, host)
  // What a browser sends to another origin without asking first:
  // https://fetch.spec.whatwg.org/#cors-safelisted-request-header
  for (const type of ['text/plain', 'application/x-www-form-urlencoded', 'multipart/form-data; boundary=x'])
    t.match(await swap(example, { module: 'count' }, { 'content-type': type }), { status: 415 }, type)
  for (const module of ['../server', 'a/b', '', '..', 'file:///etc/passwd', ['count', 'hello']])
    t.match(await swap(example, { module }), { status: 400 }, JSON.stringify(module))
  t.match(await swap(example, {}), { status: 400 })
  t.strictSame(await ask(example), { hello: 'world' })
  t.match(await swap(example, { module: 'count' }, { host: `localhost:${port}` }), { status: 200 })
  t.equal(await example.stop(), 0)
})

t.test('a reload of the process keeps the handler that is in use, or fails', async (t) => {
  const example = await start(t)
  t.match(await swap(example, { module: 'count' }), { status: 200 })
  t.strictSame(await ask(example), { requests: 1 })
  await example.reload()
  t.strictSame(await ask(example), { requests: 1 }, 'counted anew in the next generation')
  t.match(await handlerInUse(example), { name: 'count' })
  const { pid } = example
  await rm(join(example.folder, 'handlers/count.mjs'))
  process.kill(pid, 'SIGHUP')
  await example.event('reload-failed')
  t.strictSame(await ask(example), { requests: 2 })
  t.equal(example.pid, pid)
  t.equal(await example.stop(), 0)
})

/** How a connection to an address fails; undefined if it does not. */
function refusal(host: string, port: number): Promise<string | undefined> {
  return new Promise((resolve) => {
    const socket = connect({ host, port })
    socket.once('connect', () => resolve(undefined))
    socket.once('error', (error: NodeJS.ErrnoException) => resolve(error.code))
    socket.once('close', () => socket.destroy())
  })
}
