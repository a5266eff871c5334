import t from 'tap'
import WebSocket from 'ws'
import { Framework } from '../../support/frameworks.js'
import { startServer } from '../../support/start.js'
import { checkReloads, type Published, Subscription } from '../../support/subscription.js'

const framework = new Framework('trpc', '@trpc/server@11', '@trpc/client@11')

/** What is used of `@trpc/client`: https://trpc.io/docs/client/links/wsLink */
interface TrpcClient {
  createWSClient(options: object): { close(): Promise<void> }
  wsLink(options: object): unknown
  createTRPCClient(options: { links: unknown[] }): {
    event: { subscribe(input: undefined, sink: Record<string, (about: unknown) => unknown>): unknown }
  }
}

t.test('a tRPC subscription is made again by wsLink', { skip: framework.missing }, async (t) => {
  const server = await startServer(t, {
    script: 'trpc.cjs',
    prepare: (release) => framework.provide(release, '@trpc/server')
  })
  const { host, port } = server.target() as { host: string; port: number }
  const { createWSClient, wsLink, createTRPCClient } = framework.load<TrpcClient>('@trpc/client')
  const codes: unknown[] = []
  const client = createWSClient({
    url: `ws://${host}:${port}/trpc`,
    WebSocket,
    retryDelayMs: () => 0,
    onClose: (cause?: { code?: number }) => codes.push(cause?.code)
  })
  t.teardown(() => client.close())
  const subscription = new Subscription()
  createTRPCClient({ links: [wsLink({ client })] }).event.subscribe(undefined, {
    onData: (event) => subscription.hear(event as Published),
    onError: (error) => subscription.ends.push(error),
    onComplete: () => subscription.ends.push('complete')
  })
  await checkReloads(t, server, subscription)
  t.strictSame(codes, [1012, 1012])
})
