import t from 'tap'
import { echo } from '../../support/clients.js'
import type { HttpConnection } from '../../support/connection.js'
import {
  checkMoved,
  factsOf,
  firstOf,
  openIdle,
  openUnused,
  reloadAndCount,
  standingStill,
  untilAt
} from '../../support/moving.js'
import { startServer } from '../../support/start.js'

const script = 'migration.cjs'

t.test('pipelined requests are answered by one process, and then their connection moves', async (t) => {
  const server = await startServer(t, { script, config: { options: { probation: 0 } } })
  const [connection] = (await openUnused(server.target(), 1)) as [HttpConnection]
  const exchanges = connection.pipeline([
    { path: '/hold/first' },
    echo('second'),
    { path: '/hold/third' },
    echo('last')
  ])
  await server.held('first')
  server.signal('SIGHUP')
  await server.eventOf(server.pid, 'draining')
  for (const name of ['first', 'third']) await server.tell({ command: 'release', name }, server.pid)
  const answers = await Promise.all(exchanges.map(({ response }) => response))
  t.match(answers, [{ status: 200 }, { body: 'second' }, { status: 200 }, { body: 'last' }])
  t.strictSame(
    [JSON.parse(answers[0]?.body ?? '').pid, JSON.parse(answers[2]?.body ?? '').pid],
    [server.pid, server.pid]
  )
  t.strictSame([answers[1]?.headers['x-generation'], answers[3]?.headers['x-generation']], ['1', '1'])
  t.equal(await server.exitOf(server.pid), 0)
  await checkMoved(t, [connection], server.current)
})

t.test('half a request stays with the parent until it is answered, then its connection moves', async (t) => {
  const server = await startServer(t, { script, config: { options: { probation: 0 } } })
  const connections = await openUnused(server.target(), 3)
  const [fresh, used, behind] = connections as [HttpConnection, HttpConnection, HttpConnection]
  await used.request({ path: '/' })
  const request = 'GET /connection HTTP/1.1\r\nhost: fixture\r\n\r\n'
  const halves = [fresh.begin(request.slice(0, 1)), used.begin(request.slice(0, 40))]
  await behind.send({ path: '/' }).response
  halves.push(behind.begin(request.slice(0, -1)))
  await checkMoved(t, await openIdle(server.target(), 1), server.pid)
  server.signal('SIGHUP')
  t.match(await server.eventOf(server.pid, 'draining'), { connections: 3 })

  fresh.write(request.slice(1))
  used.write(request.slice(40))
  behind.write(request.slice(-1))
  for (const [index, { response }] of halves.entries()) {
    const facts = { pid: server.pid, generation: 1, remotePort: connections[index]?.localPort }
    t.match(JSON.parse((await response).body), facts)
  }
  t.equal(await server.exitOf(server.pid), 0)
  await checkMoved(t, connections, server.current)
})

for (const end of ['SIGCONT', 'SIGKILL'] as const) {
  t.test(
    `what is sent while a connection moves is answered once, by the child or, after ${end}, by the parent`,
    async (t) => {
      // A child that stood still until the end would be rolled back.
      const config = { options: { probation: 60_000 }, extra: { standStill: true } }
      const server = await startServer(t, { script, config })
      const connections = await openIdle(server.target(), 8)
      server.signal('SIGHUP')
      const child = await standingStill(server)
      await server.eventOf(server.pid, 'handed-over')

      const exchanges = connections.map((connection) => connection.send(echo('sent in between')))
      const early = await server.waitFor(firstOf(exchanges, 7), 'answers of the parent')
      t.strictSame(new Set(early.map(({ headers }) => headers['x-generation'])), new Set(['1']))
      process.kill(child, end)
      const all = await Promise.all(exchanges.map(({ response }) => response))
      const last = all.findIndex((response) => !early.includes(response))
      t.match(all[last], { body: 'sent in between', headers: { 'x-generation': end === 'SIGCONT' ? '2' : '1' } })
      if (end === 'SIGCONT') return checkMoved(t, connections.slice(last, last + 1), child)
      await server.eventOf(server.pid, 'rolled-back')
      await checkMoved(t, connections, server.pid)
    }
  )
}

t.test('the parent finishes a large answer that the client does not read', async (t) => {
  const bytes = 20_000_000
  const server = await startServer(t, { script })
  const [slow, fast] = (await openUnused(server.target(), 2)) as [HttpConnection, HttpConnection]
  const answer = slow.send({ path: `/large/${bytes}` })
  await answer.head
  slow.pause()
  server.signal('SIGHUP')
  await server.eventOf(server.pid, 'draining')
  await untilAt(server, server.current, fast)
  t.match(await factsOf(fast), { generation: 2 })
  slow.resume()
  t.equal((await answer.response).body.length, bytes)
  t.equal(await server.exitOf(server.pid), 0)
  await checkMoved(t, [slow, fast], server.current)
})

t.test('a request that is sent byte by byte is answered by the process that got the first one', async (t) => {
  const server = await startServer(t, { script, config: { options: { probation: 0 } } })
  const connections = await openIdle(server.target(), 3)
  const head = 'POST /echo HTTP/1.1\r\nhost: fixture\r\ncontent-type: text/plain\r\ncontent-length: 4\r\n\r\n'
  const request = `${head}what`
  const cuts = [1, head.length - 1, head.length + 2]
  const exchanges = connections.map((connection, index) => connection.begin(request.slice(0, cuts[index])))
  await checkMoved(t, await openIdle(server.target(), 1), server.pid)
  server.signal('SIGHUP')
  await server.eventOf(server.pid, 'draining')
  for (const [index, connection] of connections.entries()) {
    for (const byte of request.slice(cuts[index])) connection.write(byte)
    t.match(await exchanges[index]?.response, { status: 200, body: 'what', headers: { 'x-generation': '1' } })
  }
  t.equal(await server.exitOf(server.pid), 0)
  await checkMoved(t, connections, server.current)
})

t.test('a client may end its direction: of a connection that moved, and while it moves', async (t) => {
  const server = await startServer(t, {
    script,
    config: { options: { probation: 200 }, extra: { httpAllowHalfOpen: true } }
  })
  const [idle, asking, held] = (await openIdle(server.target(), 3)) as [HttpConnection, HttpConnection, HttpConnection]
  t.equal(await reloadAndCount(server), 3)
  idle.endWriting()
  t.ok(await idle.closed, 'closed from both sides')
  const answer = asking.send(echo('and no more'))
  asking.endWriting()
  t.match(await answer.response, { status: 200, body: 'and no more' })
  const late = held.send({ path: '/hold/late' })
  held.endWriting()
  await server.held('late')
  const [parent, second] = [server.current, server.reload()]
  await server.serving(3)
  await server.tell({ command: 'release', name: 'late' }, parent)
  t.match(JSON.parse((await late.response).body), { pid: parent, generation: 2 })
  await Promise.all([asking.closed, held.closed, second])
  t.equal(await server.stop(), 0)
})
