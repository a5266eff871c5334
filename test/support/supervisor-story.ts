import type { Test } from 'tap'
import { FreshClient } from './clients.js'
import { HttpConnection } from './connection.js'
import { Load } from './load.js'
import { PersistentClient } from './persistent-clients.js'
import type { Supervised } from './supervised.js'

/** What a test of a supervisor expects where a reload by fork would lose the service. */
export interface Refusal {
  /** Of the error: why, and what to do instead. */
  message: RegExp
  /** Tells the supervisor to stop, and waits until it has. */
  stop(supervised: Supervised): unknown
}

/**
 * A reload is refused, by signal and by route. The log has announced that when the process began to serve. A keep-alive
 * client notices nothing. A stop finishes the requests in progress, and no process is left.
 */
export async function refusesAndStops(t: Test, supervised: Supervised, { message, stop }: Refusal): Promise<void> {
  const pid = await supervised.serving(1)
  const warning = await supervised.event((line) => line.graceful === 'warning')
  t.match(warning, { pid, warning: /^a reload would be refused: / })
  t.match(warning, { warning: message })
  const client = await HttpConnection.open(supervised.target)
  t.match(await client.request({ path: '/' }), { status: 200, body: new RegExp(`"pid":${pid},`) })

  supervised.signal('SIGHUP')
  const failed = await supervised.event('reload-failed')
  t.match(failed, { pid, reason: 'SIGHUP', err: { code: 'GRACEFUL_ERR_UNSUPPORTED', message } })
  const refused = await client.request({ method: 'POST', path: '/admin/reload' })
  t.equal(refused.status, 501)
  t.match(JSON.parse(refused.body), { code: 'GRACEFUL_ERR_UNSUPPORTED', message })
  t.match(await client.request({ method: 'POST', path: '/echo', body: '' }), { status: 200 })
  t.match(await client.request({ path: '/' }), { status: 200, body: new RegExp(`"pid":${pid},"generation":1`) })
  t.notOk(client.announced)

  await stopsGracefully(t, supervised, stop)
  t.strictSame(supervised.output.all('reload-started'), [])
}

/** A stop through the supervisor finishes a request in progress, and leaves no process. */
export async function stopsGracefully(t: Test, supervised: Supervised, stop: Refusal['stop']): Promise<void> {
  const client = await HttpConnection.open(supervised.target)
  const slow = client.send({ path: '/hold/slow' })
  const { pid } = await supervised.event((line) => line.fixture === 'held')
  const stopped = stop(supervised)
  await supervised.event((line) => line.graceful === 'draining' && line.pid === pid)
  await supervised.answer('slow', pid)
  t.match(await slow.response, { status: 200, headers: { connection: 'close' } })
  await stopped
  await supervised.untilGone()
  t.strictSame(supervised.output.all('forced'), [])
}

/** How a supervisor is told. */
export interface Orders {
  reload(supervised: Supervised): unknown
  /** How many times. Default: 1. */
  reloads?: number
  /** Waits until it has. */
  stop(supervised: Supervised): unknown
}

/** Reloads under load lose nothing, on fresh connections and on open ones; then a stop. */
export async function reloadsAndStops(t: Test, supervised: Supervised, orders: Orders): Promise<void> {
  const { reload, reloads = 1, stop } = orders
  const { target } = supervised
  const posting = await PersistentClient.openMany(target, 4)
  const load = new Load([new FreshClient(target), new FreshClient(target), ...posting], { pause: 5 })
  await load.reached(1)
  const successors = Array.from({ length: reloads }, (_, index) => index + 2)
  for (const generation of successors) {
    await reload(supervised)
    await load.reached(generation)
  }
  const { requests, ...report } = await load.stop()
  t.match(report, { failures: [], connectionsClosed: 0 })
  t.ok(requests > 100, `${requests} requests`)
  t.strictSame([...new Set(supervised.output.all('serving').map((line) => line.generation))], [1, ...successors])
  await stopsGracefully(t, supervised, stop)
}
