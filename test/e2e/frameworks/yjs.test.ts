import t from 'tap'
import WebSocket from 'ws'
import { HttpConnection } from '../../support/connection.js'
import { Framework } from '../../support/frameworks.js'
import { startServer } from '../../support/start.js'

// The server of y-websocket 2 and the current client speak the same protocol. npm has no later release of the server.
const onServer = new Framework('y-websocket-server', 'y-websocket@2', 'yjs@13')
const framework = new Framework('yjs', 'y-websocket@3', 'yjs@13')

interface Doc {
  destroy(): void
  getArray(name: string): { toJSON(): unknown[]; observe(listener: () => void): void; push(content: unknown[]): void }
}

interface Provider {
  readonly synced: boolean
  on(event: 'connection-close', listener: (event: { code: number } | null) => void): void
  on(event: 'sync', listener: (isSynced: boolean) => void): void
  destroy(): void
}

const skip = onServer.missing || framework.missing

t.test('a shared document goes on, with the content of the client and with new content', { skip }, async (t) => {
  const server = await startServer(t, {
    script: 'yjs.cjs',
    prepare: (release) => onServer.provide(release, 'y-websocket')
  })
  const { host, port } = server.target() as { host: string; port: number }
  const { Doc } = framework.load<{ Doc: new () => Doc }>('yjs')
  const { WebsocketProvider } = framework.load<{ WebsocketProvider: new (...args: unknown[]) => Provider }>(
    'y-websocket'
  )
  const doc = new Doc()
  const options = { WebSocketPolyfill: WebSocket, disableBc: true }
  const provider = new WebsocketProvider(`ws://${host}:${port}/documents`, 'shared', doc, options)
  t.teardown(() => {
    provider.destroy()
    doc.destroy() // Its awareness of other clients keeps a timer.
  })
  const codes: unknown[] = []
  provider.on('connection-close', (event) => codes.push(event?.code))
  const events = doc.getArray('events')
  const expected: unknown[] = []

  for (const generation of [1, 2, 3]) {
    if (generation > 1) await server.reload()
    if (!provider.synced)
      await server.waitFor(
        new Promise<void>((resolve) => provider.on('sync', (is) => is && resolve())),
        'synchronization'
      )
    const connection = await HttpConnection.open(server.target())
    for (const number of [1, 2, 3]) {
      const name = `${generation}.${number}`
      expected.push({ name, generation })
      const heard = new Promise<void>((resolve) =>
        events.observe(() => events.toJSON().length >= expected.length && resolve())
      )
      const { body } = await connection.request({ method: 'POST', path: `/publish/${name}` })
      t.strictSame(
        JSON.parse(body),
        { length: expected.length },
        'the server has got from the client what was there before'
      )
      await server.waitFor(heard, name)
    }
    connection.close()
    t.strictSame(events.toJSON(), expected)
  }
  t.strictSame(codes, [1012, 1012])
  t.strictSame(server.events('forced'), [])
})
