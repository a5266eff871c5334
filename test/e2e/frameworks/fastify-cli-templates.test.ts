import t from 'tap'
import { generate, linkPlugin, TEMPLATES } from '../../support/cli-template.js'
import { HttpConnection } from '../../support/connection.js'
import { Framework } from '../../support/frameworks.js'
import { launchServer } from '../../support/start.js'

// A project that `fastify generate` has made, with this plugin as one file more among its plugins, and started as its
// package.json says.

const cli = new Framework(
  'fastify-cli',
  'fastify-cli@8',
  'fastify@5',
  'fastify-plugin@6',
  '@fastify/autoload@6',
  '@fastify/sensible@6',
  'fastify-tsconfig@3',
  '@types/node@26',
  'typescript@~6.0.2'
)

for (const template of TEMPLATES) {
  t.test(`the template of fastify-cli reloads and stops: ${template.name}`, { skip: cli.missing }, async (t) => {
    await linkPlugin(cli)
    const server = await launchServer(t, {
      env: { PORT: '0', FASTIFY_ADDRESS: '127.0.0.1' },
      prepare: async (release) => {
        const args = await generate(release, template, cli)
        return { command: [process.execPath, ...args], cwd: release.path('app') }
      }
    })
    const first = await server.serving(1)
    const { listeners } = await server.eventOf(first, 'serving')
    const [host, port] = (listeners as [string])[0].split(':') as [string, string]
    const connection = await HttpConnection.open({ host, port: Number(port) })
    t.match(await connection.request({ path: '/' }), { status: 200, body: '{"root":true}' })
    for (const generation of [2, 3]) {
      const parent = server.current
      server.signal('SIGHUP')
      await server.serving(generation)
      t.match(await server.eventOf(parent, 'closed'), { exitCode: 0 })
      t.match(await connection.request({ path: '/example' }), { status: 200, body: 'this is an example' })
    }
    t.notOk(connection.announced)
    const last = server.current
    server.signal('SIGTERM')
    t.match(await server.eventOf(last, 'closed'), { exitCode: 0 })
    await server.waitFor(server.gone, 'end of all generations')
    t.strictSame(server.events('forced'), [])
    connection.close()
  })
}
