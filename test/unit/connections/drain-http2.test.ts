import { readFileSync } from 'node:fs'
import { createSecureServer } from 'node:http2'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { Worker } from 'node:worker_threads'
import t from 'tap'
import { Http2Drain } from '../../../lib/connections/drain-http2.js'
import { Connections } from '../../../lib/connections/tracker.js'
import { deferred } from '../../support/deferred.js'
import { WAIT_LIMIT, within } from '../../support/limit.js'
import { PACKAGE_ROOT } from '../../support/release.js'

/**
 * A client with its own event loop, behind a network that holds back the data of the server until the client has sent
 * its request. Before that, it answers no PING. When its request is on its way, the server may go on.
 */
const CLIENT = `
  const net = require('node:net')
  const { parentPort, workerData: { port, gate } } = require('node:worker_threads')
  const tell = (what) => parentPort.postMessage(what)
  let held
  const network = net.createServer((near) => {
    const far = net.connect(port, '127.0.0.1').on('error', () => {})
    far.on('data', (bytes) => (held === undefined ? near.write(bytes) : held.push(bytes)))
    near.on('error', () => {}).on('data', (bytes) => far.write(bytes))
    parentPort.once('message', () => near.once('data', () => {
      Atomics.store(gate, 0, 1)
      Atomics.notify(gate, 0)
      for (const bytes of held) near.write(bytes)
      held = undefined
    }))
  })
  network.listen(0, '127.0.0.1', () => {
    const url = 'https://127.0.0.1:' + network.address().port
    const client = require('node:http2').connect(url, { rejectUnauthorized: false })
    client.on('error', (error) => tell(error.code)).once('connect', () => {
      held = []
      parentPort.once('message', () => {
        const request = client.request({ ':path': '/' })
        request.on('response', (headers) => tell(headers[':status'])).on('error', (error) => tell(error.code)).resume()
      })
    })
  })
`

/** Longer than a client may take to answer a PING. Milliseconds. */
const STALL = 1500

t.test('what a client sent while this process stood still is heard before its connection is given up', async (t) => {
  const certificate = readFileSync(join(PACKAGE_ROOT, 'test/fixtures/certificates/first.pem'))
  const server = createSecureServer(
    { key: certificate, cert: certificate },
    (_request, response) => void response.end()
  )
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  const gate = new Int32Array(new SharedArrayBuffer(8))
  const client = new Worker(CLIENT, { eval: true, workerData: { port, gate }, execArgv: [], env: {} })
  const drain = new Http2Drain(new Connections(server, () => {}))
  server.once('session', () => {
    client.postMessage('ask')
    Atomics.wait(gate, 0, 0, WAIT_LIMIT)
    Atomics.wait(gate, 1, 0, STALL)
  })
  t.teardown(async () => {
    await client.terminate()
    drain.dispose()
    server.close()
  })
  const told = deferred<unknown>()
  client.once('message', told.resolve)
  t.equal(await within(told.promise, 'answer to the client'), 200)
})
