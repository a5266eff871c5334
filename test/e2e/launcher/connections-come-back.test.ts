import t, { type Test } from 'tap'
import { handedOver, rolledBack } from '../../support/coming-back.js'
import type { HttpConnection } from '../../support/connection.js'
import { factsOf, openIdle, portsAt } from '../../support/moving.js'
import type { Line } from '../../support/output.js'
import { type ServerSettings, startServer } from '../../support/start.js'
import { untilTrue } from '../../support/tree.js'
import { startWorkers, type Workers } from '../../support/workers.js'

/** Idle connections that have moved to a child under a launcher. The child never serves for good. */

const settings: ServerSettings = {
  script: 'migration.cjs',
  config: { options: { probation: 300 }, staysOnProbation: true }
}

/** Checks that none of the connections was closed, and that one of these processes answers each. */
async function checkServed(t: Test, connections: HttpConnection[], pids: number[]): Promise<void> {
  const facts = await Promise.all(connections.map((connection) => factsOf(connection)))
  t.strictSame(
    facts.filter(({ pid }) => !pids.includes(pid)),
    [],
    `${connections.length} connections are answered by ${pids}`
  )
  t.notOk(connections.some(({ isClosed, announced }) => isClosed || announced))
}

for (const end of ['crashes', 'gives the service back', 'throws'] as const) {
  t.test(`a child that ${end} costs no idle connection`, async (t) => {
    const server = await startServer(t, { ...settings, launcher: [] })
    const parent = server.current
    const connections = await openIdle(server.target(), 200)
    for (const round of [1, 2]) {
      server.signal('SIGHUP', server.launcher)
      const child = await handedOver(server, round)
      await untilTrue(server, 'move of all connections', () => portsAt(server, child).length >= 200)
      if (end === 'crashes') process.kill(child, 'SIGKILL')
      else if (end === 'throws') await server.tell({ command: 'throw', message: 'boom' }, child)
      else await server.tell({ command: 'rollback', reason: 'bad' }, child)
      await rolledBack(server, round)
      await untilTrue(server, 'end of the child', () => !server.servers().includes(child))
      await checkServed(t, connections, [parent])
    }
    for (const connection of connections) connection.close()
    t.equal(await server.stop(), 0)
  })
}

/** Of the next generations, the second process that boots fails, when the test lets it. */
const FAILING_SECOND = `
const fs = require('node:fs')
const { extra } = require('./config.json')
const isFirst = () => {
  try {
    fs.closeSync(fs.openSync(__dirname + '/first', 'wx'))
    return true
  } catch {
    return false
  }
}
if (extra.fails && !isFirst()) {
  console.log(JSON.stringify({ fixture: 'second', pid: process.pid }))
  while (!fs.existsSync(__dirname + '/go')) Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 5)
  throw new Error('this release boots only once')
}
require('./migration.cjs')
`

async function startTwo(t: Test): Promise<Workers> {
  const edit: Parameters<typeof startWorkers>[1] = { edit: (release) => release.write('two.cjs', FAILING_SECOND) }
  return startWorkers(t, { count: 2, script: 'two.cjs', ...edit, config: { options: { probation: 300 }, extra: {} } })
}

t.test('when the release of the second worker fails, the first one gets its connections back', async (t) => {
  const workers = await startTwo(t)
  const { server } = workers
  const before = workers.of(1)
  const connections = await openIdle(server.target(), 200)
  await server.release.configure({ extra: { fails: true } })
  server.signal('SIGHUP', workers.launcher)
  const test = (line: Line) => line.graceful === 'handed-over'
  const child = Number((await server.event({ what: 'handover', test })).child)
  await server.event('second')
  await untilTrue(server, 'moved connections', () => portsAt(server, child).length > 0)
  await server.release.write('go', '')
  await server.event('rolled-back')
  await workers.left(before)
  t.ok(portsAt(server, child).length > 0, `${portsAt(server, child).length} had moved`)
  await checkServed(t, connections, before)
  for (const connection of connections) connection.close()
  t.equal(await workers.stop(), 0)
})

t.test(
  'when the child of one worker crashes, that of the other one is undone, and no idle connection is lost',
  async (t) => {
    const workers = await startWorkers(t, { ...settings, count: 2 })
    const { server } = workers
    const before = workers.of(1)
    const connections = await openIdle(server.target(), 200)
    server.signal('SIGHUP', workers.launcher)
    await workers.untilAll(before, 'handed-over')
    const children = server.events('handed-over').map(({ child }) => Number(child))
    const moved = () => children.flatMap((child) => portsAt(server, child)).length
    await untilTrue(server, 'move of all connections', () => moved() >= 200)
    process.kill(children[1] as number, 'SIGKILL')
    await workers.untilAll(before, 'rolled-back')
    await workers.left(before)
    await checkServed(t, connections, before)
    for (const connection of connections) connection.close()
    t.equal(await workers.stop(), 0)
  }
)
