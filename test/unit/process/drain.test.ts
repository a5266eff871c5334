import { once } from 'node:events'
import { createServer } from 'node:http'
import { type AddressInfo, connect } from 'node:net'
import { text } from 'node:stream/consumers'
import t from 'tap'
import { Connections } from '../../../lib/connections/tracker.js'
import { WebSockets } from '../../../lib/connections/websockets.js'
import { Drain } from '../../../lib/process/drain.js'
import { takeTimers } from '../../../lib/util/timers.js'

/** After how long a drain cuts off what is left, and for how long this process stands still. Milliseconds. */
const [TIMEOUT, STALL] = [20, 60]

for (const how of ['by itself', 'as the service ends'] as const)
  t.test(`a request whose rest has come while this process stood still is not cut off, ${how}`, async (t) => {
    const server = createServer(async (request, response) => response.end(`got ${await text(request)}`))
    const connections = new Connections(server, () => {})
    server.listen(0, '127.0.0.1')
    await once(server, 'listening')
    const client = connect((server.address() as AddressInfo).port, '127.0.0.1')
    t.teardown(() => {
      client.destroy()
      server.close()
    })
    const answer = text(client)
    client.write('POST / HTTP/1.1\r\nHost: test\r\nContent-Length: 4\r\n\r\nha')
    await once(server, 'request')

    const timeout = how === 'by itself' ? TIMEOUT : 60_000
    const drain = new Drain({
      ...{ connections: [connections], upgraded: new WebSockets(() => {}), timers: takeTimers(), apps: [] },
      ...{ reason: 'stop', timeout, patience: timeout, idle: 'soon', window: 0, isCut: false },
      hookFailed: () => {}
    })
    drain.begin()
    if (how !== 'by itself') drain.hurry(TIMEOUT)
    // In a turn of its own: no phase of the event loop is in progress that would read first.
    setImmediate(() => {
      client.write('lf')
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, STALL)
    })
    t.strictSame(await drain.done, { requests: [], holds: [] })
    t.match(await answer, /got half$/)
  })
