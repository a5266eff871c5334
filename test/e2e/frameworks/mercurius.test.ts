import t from 'tap'
import WebSocket from 'ws'
import { HttpConnection } from '../../support/connection.js'
import { Framework } from '../../support/frameworks.js'
import type { TestServer } from '../../support/server.js'
import { startServer } from '../../support/start.js'

// A subscription is state of the server. Were its WebSocket moved without it, pings would be answered and nothing would ever come.

const framework = new Framework('mercurius', 'mercurius@16', 'graphql@16', 'graphql-ws@6')

/** What is used of `graphql-ws`: https://the-guild.dev/graphql/ws/docs/client */
interface GraphqlWs {
  createClient(options: object): {
    on(event: 'closed', listener: (event: { code: number }) => void): void
    subscribe(
      payload: { query: string },
      sink: { next(result: Result): void; error(error: unknown): void; complete(): void }
    ): () => void
    dispose(): unknown
  }
}

interface Result {
  data?: { event: { name: string; generation: number } }
}

const options = framework.missing ? { skip: framework.missing } : {}

t.test('a GraphQL subscription is made again, and hears all that is published from then on', options, async (t) => {
  const server = await startServer(t, {
    script: 'mercurius.cjs',
    prepare: (release) => framework.provide(release, 'mercurius')
  })
  const { host, port } = server.target() as { host: string; port: number }
  const client = framework.load<GraphqlWs>('graphql-ws').createClient({
    url: `ws://${host}:${port}/graphql`,
    webSocketImpl: WebSocket,
    retryAttempts: Number.POSITIVE_INFINITY,
    retryWait: async () => {}
  })
  t.teardown(() => client.dispose())
  const codes: number[] = []
  client.on('closed', ({ code }) => codes.push(code))
  const heard = new Heard()
  client.subscribe({ query: 'subscription { event { name generation } }' }, heard)

  for (const generation of [1, 2, 3]) {
    if (generation > 1) await server.reload()
    await server.event({
      what: `subscription at generation ${generation}`,
      test: (line) => line.fixture === 'subscribed' && line.generation === generation
    })
    const names = [1, 2, 3].map((number) => `${generation}.${number}`)
    await publish(server, names)
    await server.waitFor(heard.until(names[2] as string), 'the last event')
    t.strictSame(
      heard.events.splice(0),
      names.map((name) => ({ name, generation }))
    )
  }
  t.strictSame(codes, [1012, 1012])
  t.strictSame(heard.ends, [])
  t.strictSame(server.events('forced'), [])
})

/** What a subscription hears. */
class Heard {
  readonly events: Array<{ name: string; generation: number }> = []
  readonly ends: unknown[] = []
  #wake: () => void = () => {}

  next = ({ data }: Result): void => {
    if (data !== undefined) this.events.push({ ...data.event })
    this.#wake()
  }
  error = (error: unknown): void => void this.ends.push(error)
  complete = (): void => void this.ends.push('complete')

  async until(name: string): Promise<void> {
    while (!this.events.some((event) => event.name === name))
      await new Promise<void>((resolve) => {
        this.#wake = resolve
      })
  }
}

async function publish(server: TestServer, names: readonly string[]): Promise<void> {
  const connection = await HttpConnection.open(server.target())
  for (const name of names) await connection.request({ method: 'POST', path: `/publish/${name}` })
  connection.close()
}
