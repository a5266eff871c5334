import t from 'tap'
import { checkFresh, failReload, succeedReload } from '../../support/admin.js'
import { HttpConnection, type Target } from '../../support/connection.js'
import { isAlive, survivorsOf } from '../../support/fds.js'
import { freePort } from '../../support/free-port.js'
import { startServer, WAYS } from '../../support/start.js'

// Some of them wait for a readyTimeout.
t.jobs = 2

const script = 'state.cjs'
/** Short, yet long enough for a child to be ready on a busy machine. Milliseconds. */
const SHORT = 15_000
const hit = { method: 'POST', path: '/hits' }

t.test('a state passes from generation to generation, with all that a structured clone keeps', async (t) => {
  const server = await startServer(t, { script })
  for (const hits of [1, 2, 3, 4]) {
    t.match(await hitOnce(server.target()), { hits, pid: server.current })
    await server.reload()
  }
  const connection = await HttpConnection.open(server.target())
  const state = JSON.parse((await connection.request({ path: '/state' })).body)
  t.strictSame(state, { first: 0, bytes: [1, 2, 3], big: '18446744073709551616' })
  connection.close()
})

t.test('each app has its own state', async (t) => {
  const listen = { port: 0, host: '127.0.0.1' }
  const server = await startServer(t, { script, config: { apps: [listen, listen] } })
  await hitOnce(server.target(1))
  await server.reload()
  t.match(await hitOnce(server.target(0)), { app: 0, hits: 1 })
  t.match(await hitOnce(server.target(1)), { app: 1, hits: 2 })
})

t.test('each app gets its own state, whatever the order of the apps in the new release', async (t) => {
  const first = { port: await freePort(), host: '127.0.0.1' }
  const second = { port: await freePort(), host: '127.0.0.1' }
  const server = await startServer(t, { script, config: { apps: [first, second] } })
  await hitOnce(second)
  await server.release.configure({ apps: [{ port: 0, host: '127.0.0.1' }, second, first] })
  await server.reload()
  t.match(await hitOnce(first), { app: 0, hits: 1 })
  t.match(await hitOnce(second), { app: 1, hits: 2 })
})

t.test('an app that has closed takes its state along', async (t) => {
  const first = { port: await freePort(), host: '127.0.0.1' }
  const second = { port: await freePort(), host: '127.0.0.1' }
  const server = await startServer(t, { script, config: { apps: [first, second] } })
  await hitOnce(second)
  await server.tell({ command: 'close', index: 0 })
  await server.event('app closed')
  await server.reload()
  t.match(await hitOnce(first), { app: 0, hits: 1 })
  t.match(await hitOnce(second), { app: 1, hits: 2 })
})

t.test('an app that listens elsewhere gets its state, if no other app comes into question', async (t) => {
  const server = await startServer(t, { script, config: { apps: [{ port: await freePort(), host: '127.0.0.1' }] } })
  await hitOnce(server.target())
  const elsewhere = { port: await freePort(), host: '127.0.0.1' }
  await server.release.configure({ apps: [elsewhere] })
  await server.reload()
  t.match(await hitOnce(elsewhere), { app: 0, hits: 2 })
})

t.test('a state whose app the new release does not have is reported, and no other app gets it', async (t) => {
  const place = async () => ({ port: await freePort(), host: '127.0.0.1' })
  const [first, second, third, fourth] = [await place(), await place(), await place(), await place()]
  const server = await startServer(t, { script, config: { apps: [first, second] } })
  await hitOnce(first)
  await server.release.configure({ apps: [third, second, fourth] })
  await server.reload()
  for (const app of [third, fourth]) t.match(await hitOnce(app), { hits: 1 })
  await server.said(
    /a saved state was not loaded: no app with the option state listens where the app that saved it did/
  )
})

t.test('nothing is accepted between save and load, and who connects in between is answered by the child', async (t) => {
  const server = await startServer(t, { script, config: { extra: { save: 'wait' } } })
  const old = await HttpConnection.open(server.target())
  await old.request(hit)
  await server.release.configure({ extra: {} })
  server.signal('SIGHUP')
  await server.eventOf(server.pid, 'saving')
  const waiting = await HttpConnection.open(server.target())
  const answer = waiting.send(hit)
  t.match(JSON.parse((await old.request({ path: '/' })).body), { pid: server.pid }, 'open connections are served')
  await server.tell({ command: 'release', name: 'save' }, server.pid)
  t.match(JSON.parse((await answer.response).body), { hits: 2 })
  t.equal(await server.exitOf(server.pid), 0)
  const order = server.events(
    (line) => ['saving', 'loading'].includes(String(line.fixture)) || line.graceful === 'serving'
  )
  t.match(order.slice(1), [{ fixture: 'saving' }, { fixture: 'loading' }, { graceful: 'serving', generation: 2 }])
  t.equal(JSON.parse((await answer.response).body).pid, server.current)
  for (const connection of [old, waiting]) connection.close()
})

t.test('who connects while a save fails is answered by the parent', async (t) => {
  const options = { readyTimeout: SHORT }
  const server = await startServer(t, { script, config: { options, extra: { save: 'hang' } } })
  server.signal('SIGHUP')
  await server.eventOf(server.pid, 'saving')
  t.match(await hitOnce(server.target()), { hits: 1, pid: server.pid })
  t.match(await server.eventOf(server.pid, 'reload-failed'), { err: { code: 'GRACEFUL_ERR_READY_TIMEOUT' } })
})

for (const [save, code] of [
  ['throw', 'GRACEFUL_ERR_STATE'],
  ['a function', 'GRACEFUL_ERR_STATE'],
  ['hang', 'GRACEFUL_ERR_READY_TIMEOUT']
] as const) {
  t.test(`a save that fails is a failed reload: ${save}`, async (t) => {
    const options = save === 'hang' ? { readyTimeout: SHORT } : {}
    const server = await startServer(t, { script, config: { options, extra: { save } } })
    t.match(await failReload(t, server, async () => {}), { code })
    t.strictSame(server.events('loading'), [])
  })
}

for (const [load, code] of [
  ['throw', 'GRACEFUL_ERR_CHILD_EXITED'],
  ['hang', 'GRACEFUL_ERR_READY_TIMEOUT']
] as const) {
  t.test(`a load that fails is a failed reload, and the next one works: ${load}`, async (t) => {
    const options = load === 'hang' ? { readyTimeout: SHORT } : {}
    const server = await startServer(t, { script, config: { options } })
    await hitOnce(server.target())
    const refusal = await failReload(t, server, () => server.release.configure({ extra: { load } }))
    t.equal(refusal.code, code)
    if (load === 'throw') t.match(server.events('reload-failed').at(-1)?.msg, /a state of another time/)
    await server.release.configure({ extra: {} })
    await succeedReload(t, server)
    t.match(await hitOnce(server.target()), { hits: 2, pid: server.current })
  })
}

for (const { settings, where } of WAYS) {
  t.test(`a stop while the child loads stops both, without the child having served${where}`, async (t) => {
    const options = { readyTimeout: 600_000 }
    const server = await startServer(t, { ...settings, script, config: { options } })
    await hitOnce(server.target())
    await server.release.configure({ options, extra: { load: 'hang' } })
    server.signal('SIGHUP', server.addressee)
    const child = Number((await server.event('reload-started')).child)
    await server.eventOf(child, 'loading')
    t.equal(await server.stop(), 0)
    t.equal(server.events('serving').length, 1)
  })

  t.test(`a load that fails keeps nobody waiting for the hooks of the child${where}`, async (t) => {
    const server = await startServer(t, { ...settings, script })
    await hitOnce(server.target())
    const good = await server.release.read('state.cjs')
    const stuck = "app.addHook('onClose', () => new Promise(() => {}))"
    await server.release.write('state.cjs', good.replace('function extend(app) {', `function extend(app) {\n${stuck}`))
    const refusal = await failReload(t, server, () => server.release.configure({ extra: { load: 'throw' } }))
    t.equal(refusal.code, 'GRACEFUL_ERR_CHILD_EXITED')
    t.strictSame(server.events('draining'), [])
  })

  // The parent notices the end only when it cannot send any more.
  t.test(`a child that ends while its parent saves is reported as ended${where}`, async (t) => {
    const server = await startServer(t, { ...settings, script, config: { extra: { save: 'stand still' } } })
    server.signal('SIGHUP', server.addressee)
    const child = Number((await server.event('reload-started')).child)
    await server.eventOf(server.pid, 'saving')
    server.signal('SIGKILL', child)
    t.strictSame(await survivorsOf(() => [child].filter(isAlive)), [])
    await server.release.write('go', '')
    t.match(await server.event('reload-failed'), { err: { code: 'GRACEFUL_ERR_CHILD_EXITED', signal: 'SIGKILL' } })
    await checkFresh(t, server, server.pid)
  })
}

t.test('a save that returns nothing leaves the child as it is', async (t) => {
  const server = await startServer(t, { script, config: { extra: { save: 'nothing' } } })
  await hitOnce(server.target())
  await server.reload()
  t.match(await hitOnce(server.target()), { hits: 1, pid: server.current })
  t.strictSame(server.events('loading'), [])
})

t.test('a generation may begin or cease to have a state', async (t) => {
  const server = await startServer(t)
  const without = await server.release.read('server.cjs')
  await server.release.write('server.cjs', await server.release.read('state.cjs'))
  await server.reload()
  t.match(await hitOnce(server.target()), { hits: 1 })
  await server.reload()
  t.match(await hitOnce(server.target()), { hits: 2 })
  await server.release.write('server.cjs', without)
  await server.reload()
  await checkFresh(t, server, server.current)
})

async function hitOnce(target: Target): Promise<unknown> {
  const connection = await HttpConnection.open(target)
  const { body } = await connection.request(hit)
  connection.close()
  return JSON.parse(body)
}
