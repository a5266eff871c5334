import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { closeSync, openSync } from 'node:fs'
import { createServer, type RequestListener, type ServerResponse } from 'node:http'
import net from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import tls from 'node:tls'
import t, { type Test } from 'tap'
import * as connections from '../../../lib/internals/connection-handle.js'
import * as http1 from '../../../lib/internals/http1.js'
import * as internals from '../../../lib/internals/listening-handle.js'
import { watchListenCalls } from '../../../lib/sockets/listen-hook.js'
import { HttpConnection } from '../../support/connection.js'
import { HAS_PROC, inodesOfPort, listFds } from '../../support/fds.js'
import { PACKAGE_ROOT } from '../../support/release.js'
import { tempFolder } from '../../support/temp-folder.js'

const local = { port: 0, host: '127.0.0.1' }
const portOf = (server: net.Server) => (server.address() as net.AddressInfo).port

async function listening<S extends net.Server>(t: Test, server: S, options: net.ListenOptions = local): Promise<S> {
  server.listen(options)
  await once(server, 'listening')
  t.teardown(() => server.close())
  return server
}

async function connected(t: Test, options: net.NetConnectOpts): Promise<net.Socket> {
  const socket = net.connect(options)
  t.teardown(() => socket.destroy())
  await once(socket, 'connect')
  return socket
}

/** A process that has adopted the socket of a server, and the duplicate that it has sent back. */
async function adopt(t: Test, server: net.Server, pipeName?: string) {
  const args = [join(PACKAGE_ROOT, 'test/fixtures/adopt.cjs'), join(PACKAGE_ROOT, 'dist/lib')]
  const fd = Number(internals.listeningFd(server))
  const child = spawn(process.execPath, pipeName === undefined ? args : [...args, pipeName], {
    stdio: ['ignore', 'inherit', 'inherit', fd, 'ipc'],
    serialization: 'advanced'
  })
  t.teardown(async () => {
    const ended = once(child, 'exit')
    child.disconnect()
    await ended
  })
  const [adopted, duplicate] = await once(child, 'message')
  return { child, adopted, duplicate: duplicate as internals.ListeningHandle }
}

t.test('listeningFd names the descriptor of the listening socket', async (t) => {
  const server = await listening(t, net.createServer())
  const fd = Number(internals.listeningFd(server))
  t.ok(Number.isInteger(fd) && fd > 2)
  if (HAS_PROC) t.strictSame(listFds(process.pid).get(fd), `socket:[${inodesOfPort(portOf(server))}]`)
  t.equal(internals.listeningFd(net.createServer()), undefined)
})

t.test('shortenQueue leaves room for one more connection than the system promises', { skip: !HAS_PROC }, async (t) => {
  const path = join(await tempFolder(t), 'socket')
  const server = await listening(t, net.createServer(), { path })
  internals.shortenQueue(server)
  // They all connect before this process accepts: https://man7.org/linux/man-pages/man2/connect.2.html (EAGAIN)
  const clients = Array.from({ length: 5 }, () => net.connect(path))
  t.teardown(() => clients.map((client) => client.destroy()))
  const ends = clients.map((client) =>
    Promise.race([once(client, 'connect').then(() => 'connected'), once(client, 'error').then(([{ code }]) => code)])
  )
  const outcomes = await Promise.all(ends.map((end) => end.catch(({ code }) => code)))
  t.strictSame(outcomes, ['connected', 'connected', 'EAGAIN', 'EAGAIN', 'EAGAIN'])
  await connected(t, { path })
  internals.shortenQueue(net.createServer())
})

t.test('refuseConnections listens, and accepts no connection', async (t) => {
  const server = await listening(t, net.createServer())
  server.on('connection', () => t.fail('somebody was let in'))
  internals.refuseConnections(server)
  const socket = await connected(t, { port: portOf(server), host: '127.0.0.1' })
  socket.on('error', () => {})
  socket.resume()
  await once(socket, 'close')
  t.equal(server.listening, true)
})

t.test('openDormant refuses what is no socket', async (t) => {
  const file = openSync(__filename, 'r')
  t.throws(() => internals.openDormant(file))
  closeSync(file)
  t.throws(() => internals.openDormant(file), 'a closed descriptor')
})

t.test('a process adopts a listening socket without accepting from it, until it is told to', async (t) => {
  const server = await listening(t, net.createServer())
  const where = { port: portOf(server), host: '127.0.0.1' }
  const { child, adopted } = await adopt(t, server)
  t.match(adopted, { listening: true, address: { port: where.port, address: '127.0.0.1' } })

  for (let count = 0; count < 8; count++) {
    const accepted = once(server, 'connection')
    await connected(t, where)
    const [socket] = await accepted
    socket.destroy()
  }
  internals.closeListeningHandle(server)
  const waiting = await connected(t, where)
  child.send('accept')
  t.equal(String((await once(waiting, 'data'))[0]), 'adopted', 'what waited in the queue is accepted')
})

t.test('a pipe has the name that it is given', async (t) => {
  const path = join(tmpdir(), `graceful-${process.pid}.sock`)
  const server = await listening(t, net.createServer(), { path })
  internals.setPipeName(server, '/run/app.sock')
  t.equal(server.address(), '/run/app.sock')
  const { adopted } = await adopt(t, server, '/run/app.sock')
  t.strictSame(adopted, { listening: true, address: '/run/app.sock' })
})

t.test('swapListeningHandle ends accepting and nothing else, and startAccepting takes it back', async (t) => {
  const server = await listening(
    t,
    createServer((_, response) => response.end('hello'))
  )
  const where = { port: portOf(server), host: '127.0.0.1' }
  const { duplicate } = await adopt(t, server)
  const open = await HttpConnection.open(where)
  await open.request({ path: '/' })
  let closed = 0
  server.on('close', () => closed++)

  internals.swapListeningHandle(server, duplicate)
  t.equal(server.listening, true)
  t.equal(portOf(server), where.port)
  t.equal((await open.request({ path: '/' })).body, 'hello', 'open connections go on')
  const connections = () => new Promise((resolve) => server.getConnections((_, count) => resolve(count)))
  const waiting = await HttpConnection.open(where)
  const exchange = waiting.send({ path: '/' })
  await open.request({ path: '/' })
  t.equal(await connections(), 1, 'the new one waits in the queue of the kernel')
  internals.startAccepting(server, 511)
  t.equal((await exchange.response).body, 'hello')
  t.equal(closed, 0)
  open.close()
  waiting.close()
})

t.test('closeListeningHandle ends accepting, and a later close ends with the last connection', async (t) => {
  const server = await listening(
    t,
    createServer((_, response) => response.end('hello'))
  )
  const where = { port: portOf(server), host: '127.0.0.1' }
  const open = await HttpConnection.open(where)
  await open.request({ path: '/' })
  internals.closeListeningHandle(server)
  t.equal(server.listening, false)
  t.throws(() => internals.startAccepting(server, 511), /has been closed/)
  await t.rejects(HttpConnection.open(where), { message: /ECONNREFUSED/ })
  t.equal((await open.request({ path: '/' })).body, 'hello')
  open.close()
  await open.closed
  const closed = once(server, 'close')
  server.close(() => {})
  await closed
})

t.test('parkListen lets a call come to nothing, and the next one listens', async (t) => {
  const server = net.createServer()
  let events = 0
  for (const event of ['listening', 'error', 'close']) server.on(event, () => events++)
  const unwatch = watchListenCalls((call) => {
    internals.parkListen(call.server)
    call.redirect({ fd: 0 })
  })
  const options = { ...local }
  server.listen(options)
  unwatch()
  await new Promise(setImmediate)
  t.strictSame([server.listening, events], [false, 0])
  t.strictSame(options, local)
  await listening(t, server, options)
  t.strictSame([server.listening, events], [true, 1])
})

/** A server with one connection to it. */
async function serve(t: Test, onRequest: RequestListener) {
  const server = await listening(t, createServer(onRequest))
  const accepted = once(server, 'connection')
  const client = await HttpConnection.open({ host: '127.0.0.1', port: portOf(server) })
  t.teardown(() => client.close())
  return { server, client, socket: (await accepted)[0] as net.Socket }
}

t.test('currentResponse is the response in progress, and isLastResponse says whether more must follow', async (t) => {
  const seen: ServerResponse[] = []
  const { server, client, socket } = await serve(t, (_, response) => seen.push(response))
  t.equal(http1.currentResponse(socket), undefined)
  const first = client.send({ path: '/1' })
  await once(server, 'request')
  const [one] = seen as [ServerResponse]
  t.equal(http1.currentResponse(socket), one)
  t.equal(http1.isLastResponse(socket, one), true)

  const second = client.send({ path: '/2' })
  await once(server, 'request')
  const [, two] = seen as [ServerResponse, ServerResponse]
  t.equal(http1.currentResponse(socket), one)
  t.equal(http1.isLastResponse(socket, one), false)
  t.equal(http1.isLastResponse(socket, two), true)
  for (const response of seen) response.end()
  await Promise.all([first.response, second.response])
  t.equal(http1.currentResponse(socket), undefined)
})

t.test('connectionBelow is the TCP connection of a TLS connection', async (t) => {
  const server = await listening(t, tls.createServer())
  const accepted = once(server, 'connection')
  const failed = once(server, 'tlsClientError')
  // The server has no certificate; its side of the connection is made before that matters.
  const client = tls.connect({ port: portOf(server), host: '127.0.0.1' }).on('error', () => {})
  const [raw] = await accepted
  const [, secured] = await failed
  t.equal(http1.connectionBelow(secured), raw)
  t.equal(http1.connectionBelow(raw), undefined)
  client.destroy()
})

t.test('divertConnections asks about what the kernel accepts, and not about what is brought', async (t) => {
  const server = await listening(
    t,
    net.createServer((socket) => socket.end('accepted'))
  )
  const diverted: connections.ConnectionHandle[] = []
  let divert = true
  connections.divertConnections(server, (handle) => {
    if (divert) diverted.push(handle)
    return divert
  })
  const first = await connected(t, { port: portOf(server), host: '127.0.0.1' })
  while (diverted.length === 0) await new Promise(setImmediate)
  const [handle] = diverted as [connections.ConnectionHandle]
  t.equal(await new Promise((resolve) => server.getConnections((_error, count) => resolve(count))), 0)
  const answer = once(first, 'data')
  t.ok(connections.acceptConnection(server, handle), 'it is the one that was diverted')
  t.equal(String((await answer)[0]), 'accepted')
  t.equal(diverted.length, 1)
  divert = false
  const second = await connected(t, { port: portOf(server), host: '127.0.0.1' })
  t.equal(String((await once(second, 'data'))[0]), 'accepted')
})
