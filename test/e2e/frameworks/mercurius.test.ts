import t from 'tap'
import WebSocket from 'ws'
import { Framework } from '../../support/frameworks.js'
import { startServer } from '../../support/start.js'
import { checkReloads, type Published, Subscription } from '../../support/subscription.js'

// A subscription is state of the server. Were its WebSocket moved without it, pings would be answered and nothing would
// ever come.

const framework = new Framework('mercurius', 'mercurius@16', 'graphql@16', 'graphql-ws@6')

/** What is used of `graphql-ws`: https://the-guild.dev/graphql/ws/docs/client */
interface GraphqlWs {
  createClient(options: object): {
    on(event: 'closed', listener: (event: { code: number }) => void): void
    subscribe(
      payload: { query: string },
      sink: { next(result: Result): unknown; error(error: unknown): unknown; complete(): unknown }
    ): () => void
    dispose(): unknown
  }
}

interface Result {
  data?: { event: Published }
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
  const subscription = new Subscription()
  client.subscribe(
    { query: 'subscription { event { name generation } }' },
    {
      next: ({ data }) => data && subscription.hear(data.event),
      error: (error) => subscription.ends.push(error),
      complete: () => subscription.ends.push('complete')
    }
  )
  await checkReloads(t, server, subscription)
  t.strictSame(codes, [1012, 1012])
})
