import { createSocket } from 'node:dgram'
import { once } from 'node:events'
import t from 'tap'
import { launchServer, startServer } from '../../support/start.js'

const REMEDY = /bind EADDRINUSE 127\.0\.0\.1:\d+: UDP sockets are not handed over.* reusePort .* reuseAddr/

async function settings(options: object = {}) {
  const port = await freeUdpPort()
  return { port, script: 'udp.cjs', config: { extra: { port, options } } }
}

t.test('an app that binds a UDP port is told what to do when its next generation cannot', async (t) => {
  const server = await startServer(t, await settings())
  server.signal('SIGHUP')
  t.match(await server.event('reload-failed'), { err: { message: REMEDY } })
  t.equal(await server.stop(), 0)
})

t.test('so it is when a second worker cannot', async (t) => {
  const server = await launchServer(t, { ...(await settings()), launcher: ['--workers', '2'] })
  await server.said(REMEDY)
})

for (const options of choices())
  t.test(`with ${Object.keys(options)}, datagrams are answered by the new generation`, async (t) => {
    const { port, ...rest } = await settings(options)
    const server = await startServer(t, rest)
    for (const generation of [1, 2, 3]) {
      if (generation > 1) await server.reload()
      t.equal(await server.waitFor(ask(port, 'hello'), 'answer'), `${generation} hello`)
    }
    t.equal(await server.stop(), 0)
  })

/** A Node that does not know an option takes no notice of it. */
function choices(): object[] {
  const [major = 0, minor = 0] = process.versions.node.split('.').map(Number)
  const hasReusePort = process.platform === 'linux' && (major > 22 || (major === 22 && minor >= 12))
  return [{ reuseAddr: true }, ...(hasReusePort ? [{ reusePort: true }] : [])]
}

async function ask(port: number, text: string): Promise<string> {
  const socket = createSocket('udp4')
  const answer = once(socket, 'message')
  socket.send(text, port, '127.0.0.1')
  const [message] = await answer
  socket.close()
  return String(message)
}

async function freeUdpPort(): Promise<number> {
  const socket = createSocket('udp4').bind(0, '127.0.0.1')
  await once(socket, 'listening')
  const { port } = socket.address()
  await new Promise<void>((resolve) => socket.close(() => resolve()))
  return port
}
