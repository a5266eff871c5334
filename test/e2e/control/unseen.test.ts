import { once } from 'node:events'
import { connect } from 'node:net'
import { join } from 'node:path'
import Fastify from 'fastify'
import t from 'tap'
import graceful from '../../../lib/index.js'
import { askControl } from '../../support/control-requests.js'
import { tempFolder } from '../../support/temp-folder.js'

t.test('the app sees nothing of it, and nothing keeps the process', async (t) => {
  const path = join(await tempFolder(t), 'control.sock')
  const app = Fastify()
  const seen: string[] = []
  app.register(graceful, { control: path })
  app.addHook('onRequest', async ({ url }) => void seen.push(url))
  app.addHook('onResponse', async ({ url }) => void seen.push(url))
  await app.listen({ port: 0, host: '127.0.0.1' })
  const before = app.server.listenerCount('request')
  const client = connect(path)
  await once(client, 'connect')
  const answer = await askControl(path, { command: 'status' })
  t.match(answer, { status: { workers: [{ connections: 0, listeners: [/^127\.0\.0\.1:/] }] } })
  t.strictSame(seen, [])
  t.equal(app.server.listenerCount('request'), before)
  t.equal(await new Promise((resolve) => app.server.getConnections((_error, count) => resolve(count))), 0)
  client.destroy()
  await app.close()
  t.notOk(process.getActiveResourcesInfo().includes('PipeServerWrap'))
})
