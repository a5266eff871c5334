import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { HttpConnection } from '../../support/connection.js'
import { Framework } from '../../support/frameworks.js'
import { LAUNCHER, launchServer, startServer } from '../../support/start.js'

// Neither can hand over a socket. There, a stop must finish the requests in progress, and a reload must fail with an
// error.

const RUNTIMES = [
  { name: 'Bun', framework: new Framework('bun', 'bun@1'), folder: '@oven', file: 'bin/bun', options: [] },
  { name: 'Deno', framework: new Framework('deno', 'deno@2'), folder: '@deno', file: 'deno', options: ['run', '-A'] }
]

for (const { name, framework, folder, file, options } of RUNTIMES) {
  /** npm installs the one package that has the program for this machine. */
  const program = () => {
    const [system = ''] = readdirSync(framework.path(folder))
    return framework.path(join(folder, system, file))
  }
  const skip = { skip: framework.missing }

  t.test(`on ${name} a stop drains, and a reload is refused`, skip, async (t) => {
    const server = await startServer(t, { execPath: program(), execArgv: options })
    const connection = await HttpConnection.open(server.target())
    const refused = await connection.request({ method: 'POST', path: '/admin/reload' })
    t.match(refused, { status: 501, body: new RegExp(`"GRACEFUL_ERR_UNSUPPORTED".*on ${name}`) })
    server.signal('SIGHUP')
    t.match(await server.event('reload-failed'), { reason: 'SIGHUP', err: { code: 'GRACEFUL_ERR_UNSUPPORTED' } })

    const slow = connection.send({ path: '/hold/slow' })
    await server.held('slow')
    server.signal('SIGTERM')
    await server.event('draining')
    await server.tell({ command: 'release', name: 'slow' })
    t.match(await slow.response, { status: 200 })
    connection.close()
    t.equal(await server.exitOf(server.pid), 0)
    t.strictSame(server.events('forced'), [])
    t.match(server.events('closed'), [{ reason: 'SIGTERM', exitCode: 0 }])
  })

  t.test(`on ${name} there is no launcher`, skip, async (t) => {
    const command: [string, ...string[]] = [program(), ...options, LAUNCHER, 'server.cjs']
    const server = await launchServer(t, { launcher: [], prepare: async () => ({ command }) })
    await server.said(new RegExp(`on ${name}; start the server without the launcher`))
    t.equal((await server.waitFor(server.exit, 'end')).code, 1)
  })
}
