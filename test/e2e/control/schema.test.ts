import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import Fastify from 'fastify'
import t, { type Test } from 'tap'
import { HttpConnection } from '../../support/connection.js'
import { ControlClient, parseAnswer, startWithControl } from '../../support/control-requests.js'
import { PACKAGE_ROOT } from '../../support/release.js'
import type { TestServer } from '../../support/server.js'
import { startServer } from '../../support/start.js'
import { tempFolder } from '../../support/temp-folder.js'

t.jobs = 2

type Json = Record<string, unknown>
const schema = JSON.parse(readFileSync(join(PACKAGE_ROOT, 'control.schema.json'), 'utf8')) as Json

/** The same schema without additional properties: real answers have only what it describes. */
function closed(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(closed)
  if (typeof value !== 'object' || value === null) return value
  const entries = Object.entries(value).map(([key, one]) => [key, closed(one)])
  return Object.fromEntries('properties' in value ? [...entries, ['additionalProperties', false]] : entries)
}

/** What is wrong with an answer, according to a definition of the schema. */
async function problemsOf(name: string, answer: unknown): Promise<string> {
  const app = Fastify({ ajv: { customOptions: { coerceTypes: false, removeAdditional: false, useDefaults: false } } })
  const body = { $ref: `#/definitions/${name}`, definitions: (closed(schema) as Json).definitions }
  app.post('/', { schema: { body } }, async () => 'valid')
  const { body: verdict } = await app.inject({ method: 'POST', url: '/', payload: answer as object })
  await app.close()
  return verdict
}

/** Asks, and checks each line of the answer. Returns them. */
async function check(t: Test, control: string, request: string, name: string): Promise<Json[]> {
  const client = await ControlClient.open(control)
  client.write(`${request} HTTP/1.1\r\n\r\n`)
  const { lines } = parseAnswer(await client.answer)
  t.ok(lines.length > 0)
  for (const line of lines) t.equal(await problemsOf(name, line), 'valid', JSON.stringify(line))
  return lines
}

/** A probation that is over when a test wants that. Milliseconds. */
const LONG = 60_000

/** Reloads twice: asks for the status when the second child is on probation, and has it give up. */
async function statusOnProbation(t: Test, server: TestServer, control: string): Promise<Json | undefined> {
  // How long the probation of a child is says its parent.
  await server.release.configure({ options: { probation: LONG } })
  t.match((await check(t, control, 'POST /reload', 'ControlReloadLine')).at(-1), { event: 'done' })
  const reload = check(t, control, 'POST /reload', 'ControlReloadLine')
  const { child } = await server.event(({ graceful, probation }) => graceful === 'handed-over' && probation === LONG)
  const [status] = await check(t, control, 'GET /status', 'ControlStatus')
  await server.tell({ command: 'rollback', reason: 'tried enough' }, child as number)
  t.match((await reload).at(-1), { event: 'failed', error: { code: 'GRACEFUL_ERR_ROLLED_BACK' } })
  return status
}

t.test('what a process answers', async (t) => {
  const { server, control } = await startWithControl(t)
  await check(t, control, 'GET /status', 'ControlStatus')
  await check(t, control, 'GET /healthz', 'ControlHealth')
  await check(t, control, 'PUT /status', 'ControlError')
  await check(t, control, 'GET /nothing', 'ControlError')
  const status = await statusOnProbation(t, server, control)
  t.match(status, { workers: [{ reload: { role: 'child', parent: server.current } }] })
  const [passed] = (await check(t, control, 'POST /check', 'ControlCheckLine')).slice(-1)
  t.match(passed, { event: 'done', result: { generation: 3 } })
  await server.release.configure({ boot: 'throw' })
  t.match((await check(t, control, 'POST /check', 'ControlCheckLine')).at(-1), { event: 'failed' })
  const [failed] = (await check(t, control, 'POST /reload', 'ControlReloadLine')).slice(-1)
  t.match(failed, { event: 'failed', error: { stderr: [String] } })
  await check(t, control, 'POST /stop', 'ControlStop')
  await server.gone
})

t.test('what a launcher answers', async (t) => {
  const control = join(await tempFolder(t), 'control.sock')
  const server = await startServer(t, { launcher: ['--control', control] })
  await check(t, control, 'GET /status', 'ControlStatus')
  await check(t, control, 'GET /healthz', 'ControlHealth')
  const status = await statusOnProbation(t, server, control)
  t.match(status, { workers: [{ reload: { role: 'child', parent: server.current, probation: { duration: LONG } } }] })
  const { lines } = parseAnswer(await bodyTo(control, 'POST /workers', '{"workers":"+1"}'))
  for (const line of lines) t.equal(await problemsOf('ControlScaleLine', line), 'valid', JSON.stringify(line))
  t.match(lines.at(-1), { event: 'done', result: { before: 1, workers: 2 } })
  await check(t, control, 'POST /stop', 'ControlStop')
  await server.gone
})

/** The answer to a request with a body. */
async function bodyTo(control: string, request: string, body: string): Promise<string> {
  const client = await ControlClient.open(control)
  client.write(`${request} HTTP/1.1\r\ncontent-length: ${body.length}\r\n\r\n${body}`)
  return client.answer
}

t.test('a status with all that can be in it', async (t) => {
  const control = join(await tempFolder(t), 'control.sock')
  const options = { probation: 50, drainTimeout: LONG, reloadDrainTimeout: LONG }
  const server = await startServer(t, { launcher: ['--control', control], config: { options } })
  process.kill(server.current, 'SIGKILL')
  await server.event(({ graceful, pid }) => graceful === 'serving' && pid !== server.pids[0])
  const client = await HttpConnection.open(server.target())
  const answer = client.request({ path: '/hold/report' })
  const holder = await server.held('report')
  t.match((await check(t, control, 'POST /reload', 'ControlReloadLine')).at(-1), { event: 'done' })
  await server.release.configure({ boot: 'throw' })
  t.match((await check(t, control, 'POST /reload', 'ControlReloadLine')).at(-1), { event: 'failed' })

  const boots = () => server.events(({ fixture, mode }) => fixture === 'boot' && mode === 'wait').length
  await server.release.configure({ boot: 'wait' })
  const reload = check(t, control, 'POST /reload', 'ControlReloadLine')
  await server.event(({ fixture, mode }) => fixture === 'boot' && mode === 'wait')
  const queued = ControlClient.open(control)
  ;(await queued).write('POST /reload HTTP/1.1\r\n\r\n')
  const statusWhen = async (test: (status: Json) => boolean) => {
    for (;;) {
      const [status = {}] = await check(t, control, 'GET /status', 'ControlStatus')
      if (test(status)) return status
    }
  }
  t.match(await statusWhen((status) => status.queued !== null), {
    workers: [{ plugin: String, restarts: { count: 1, last: { signal: 'SIGKILL' } }, reload: { role: 'parent' } }],
    draining: [{ pid: holder, drain: { requests: { count: 1, oldest: [{ route: '/hold/:name' }] } } }],
    queued: { reason: String },
    history: { restarts: 1, last: { error: { code: 'GRACEFUL_ERR_CHILD_EXITED' } } }
  })
  await server.release.write('go', '')
  t.match((await reload).at(-1), { event: 'done' })
  t.match(parseAnswer(await (await queued).answer).lines.at(-1), { event: 'done' })

  await server.release.remove('go')
  const before = boots()
  const checking = check(t, control, 'POST /check', 'ControlCheckLine')
  await server.event({ what: 'boot of the check', test: () => boots() > before })
  const status = await statusWhen((one) => JSON.stringify(one).includes('"check":'))
  t.match(status, { workers: [{ check: { step: 'booting', child: Number } }] })
  await server.release.write('go', '')
  t.match((await checking).at(-1), { event: 'done' })
  await server.tell({ command: 'release', name: 'report' }, holder)
  t.equal((await answer).status, 200)
})

t.test('what is not described is found', async (t) => {
  const stopping = { pid: 1, reason: 'x' }
  t.equal(await problemsOf('ControlStop', { version: 2, stopping }), 'valid')
  for (const answer of [{ version: 1, stopping }, { version: 2 }, { version: 2, stopping, more: 1 }])
    t.match(await problemsOf('ControlStop', answer), /FST_ERR_VALIDATION/)
})
