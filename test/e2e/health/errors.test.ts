import { once } from 'node:events'
import { type ClientHttp2Session, connect, constants } from 'node:http2'
import t from 'tap'
import type { Client } from '../../support/clients.js'
import { HttpConnection, type Target } from '../../support/connection.js'
import { CountingClient, type Tally } from '../../support/counting-clients.js'
import type { Response } from '../../support/http.js'
import { Load } from '../../support/load.js'
import type { TestServer } from '../../support/server.js'
import { startServer, WAYS } from '../../support/start.js'
import { checkTakenBack, reloadTo, unwell } from '../../support/unwell.js'
import { startWorkers } from '../../support/workers.js'

/** A child is judged by its answers. */

t.jobs = 2

/** Clients that keep their connections, and ones that do not. */
function clients(target: Target, tally: Tally): Client[] {
  return [true, true, false, false].map((keepsAlive) => new CountingClient(target, '/work', keepsAlive, tally))
}

/** Reloads under load, to a release that is well or unwell as `extra` says. */
async function reloadUnderLoad(server: TestServer, extra: object): Promise<[Response, Tally]> {
  const tally: Tally = new Map()
  const load = new Load(clients(server.target(), tally), { pause: 10 })
  await load.answered(100)
  const answer = await reloadTo(server, extra)
  await load.stop()
  return [answer, tally]
}

function total(tally: Tally, kind: string): number {
  return tally.get(kind) ?? 0
}

for (const { settings: way, where } of WAYS) {
  t.test(`a release that answers only with errors is taken back${where}`, async (t) => {
    const server = await startServer(t, { ...unwell({}), ...way })
    const parent = server.current
    const [answer, tally] = await reloadUnderLoad(server, { fails: 'all' })
    await checkTakenBack(t, server, parent, answer)
    const how = /answered (\d+) of \1 requests with a status of 500 or more \(its parent: 0 of \d+\)/
    t.match(JSON.parse(answer.body).message, how)
    const { err } = await server.eventOf(parent, 'rolled-back')
    t.match(err, { message: how, health: { parent: { errors: 0 } } })
    const { child, parent: before } = (err as { health: Record<string, { answers: number; errors: number }> }).health
    t.ok((child?.answers ?? 0) >= 20 && child?.answers === child?.errors, `${child?.errors} of ${child?.answers}`)
    t.ok((before?.answers ?? 0) > 0)
    t.equal(total(tally, '1: 500'), 0)
  })
}

for (const [fails, title] of [
  ['none', 'without an error'],
  ['every other one', 'with an error to every other request'],
  ['all', 'with errors only']
])
  t.test(`a release that answers as the one before, ${title}, stays`, async (t) => {
    const server = await startServer(t, unwell({ probation: 3000 }, { fails }))
    const [answer, tally] = await reloadUnderLoad(server, { fails })
    t.equal(answer.status, 200, answer.body)
    const { health } = JSON.parse(answer.body)
    const share = { none: 0, 'every other one': 0.5, all: 1 }[fails as string] as number
    for (const { answers, errors } of [health.parent, health.child]) {
      t.ok(answers >= 20, `${answers} answers`)
      t.ok(Math.abs(errors / answers - share) < 0.1, `${errors} errors`)
    }
    t.ok(total(tally, share === 0 ? '2: 200' : '2: 500') > 20)
    t.equal(await server.stop(), 0)
  })

t.test('who opens a connection for each request, and always gets an error, makes no release fail', async (t) => {
  const server = await startServer(t, unwell({ probation: 3000 }))
  const probes: Tally = new Map()
  const probing = [1, 2, 3, 4].map(() => new CountingClient(server.target(), '/broken', false, probes))
  const work: Tally = new Map()
  const kept = [1, 2, 3, 4].map(() => new CountingClient(server.target(), '/work', true, work))
  const load = new Load([...probing, ...kept], { pause: 5 })
  await load.answered(200)
  const admin = await HttpConnection.open(server.target())
  const { status, body } = await admin.request({ method: 'POST', path: '/admin/reload' })
  t.equal(status, 200, body)
  t.strictSame((await load.stop()).failures, [])
  t.ok(total(probes, '2: 503') > 20 && total(work, '2: 200') > 20)
  admin.close()
  t.equal(await server.stop(), 0)
})

t.test('a release that answers well at first is taken back when it does no more', async (t) => {
  const server = await startServer(t, unwell({}))
  const parent = server.current
  const [answer, tally] = await reloadUnderLoad(server, { fails: 'after a while', well: 500 })
  await checkTakenBack(t, server, parent, answer)
  t.ok(total(tally, '2: 200') + total(tally, '2: 500') > 500)
})

t.test('an app that wants no verdict gets none', async (t) => {
  const server = await startServer(t, unwell({ probation: 2000, health: false }))
  const [answer] = await reloadUnderLoad(server, { fails: 'all', check: 'throws' })
  t.equal(answer.status, 200, answer.body)
  t.notOk('health' in JSON.parse(answer.body))
  t.equal(await server.stop(), 0)
})

t.test('with four workers all of them come back', async (t) => {
  const workers = await startWorkers(t, { ...unwell({ probation: 5000 }), count: 4 })
  const { server } = workers
  const before = workers.of(1)
  const [answer, tally] = await reloadUnderLoad(server, { fails: 'all' })
  t.equal(answer.status, 502, answer.body)
  const { code, message } = JSON.parse(answer.body)
  t.equal(code, 'GRACEFUL_ERR_ROLLED_BACK')
  t.match(message, /answered (\d+) of \1 requests with a status of 500 or more/)
  await workers.left(before)
  await workers.met(before)
  t.ok(total(tally, '2: 500') > 0)
  t.equal(total(tally, '1: 500'), 0)
  t.equal(await workers.stop(), 0)
})

t.test('HTTP/2 is judged too', async (t) => {
  const { script, config } = unwell({})
  const server = await startServer(t, { script, config: { ...config, fastify: { http2: true } } })
  const parent = server.current
  const { host, port } = server.target() as { host: string; port: number }
  const session = connect(`http://${host}:${port}`)
  session.on('error', () => {}) // The child that is taken back ends the second one.
  await server.release.configure({ extra: { fails: 'all' } })
  server.signal('SIGHUP')
  await server.eventOf(parent, 'reload-started')
  // Compared is what the parent answers while the child boots.
  await ask(session, '/work', 30)
  const { pid } = await server.event((line) => line.graceful === 'serving' && line.generation === 2)
  await server.takenOver(pid)
  const fresh = connect(`http://${host}:${port}`)
  fresh.on('error', () => {})
  await ask(fresh, '/work', 30)
  const { err } = await server.eventOf(parent, 'rolled-back')
  t.match(err, { code: 'GRACEFUL_ERR_ROLLED_BACK', health: { parent: { errors: 0 } } })
  for (const one of [session, fresh]) one.close()
  t.equal(await server.exitOf(pid), 0)
  t.equal(await server.stop(), 0)
})

async function ask(session: ClientHttp2Session, path: string, times: number): Promise<void> {
  // One that is taken back says GOAWAY.
  for (let count = 0; count < times && !session.closed; count++) {
    const stream = session.request({ ':path': path })
    stream.resume()
    await once(stream, 'close').catch((error) => {
      // The GOAWAY was on its way, and the request was not begun.
      if (stream.rstCode !== constants.NGHTTP2_REFUSED_STREAM) throw error
    })
  }
}
