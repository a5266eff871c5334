import { readFileSync } from 'node:fs'
import t from 'tap'
import { HttpConnection } from '../../support/connection.js'
import { HAS_PROC } from '../../support/fds.js'
import { Framework } from '../../support/frameworks.js'
import { OtherNode } from '../../support/other-node.js'
import { LAUNCHER, startServer } from '../../support/start.js'

// The program that runs TypeScript without a build is in the options of Node, or in place of the script. It must run a
// child too.

const tsx = new Framework('tsx', 'tsx@4')
const tsNode = new Framework('ts-node', 'ts-node@10', 'typescript@5', '@types/node@20')
const modern = new OtherNode(24, 24)

const APP = `
  import Fastify from 'fastify'
  import graceful from 'fastify-graceful-reload'
  import fixture from './app.cjs'

  const plugin: typeof graceful = graceful
  fixture.start({ Fastify, graceful: plugin })
`
const TO_COMMONJS = JSON.stringify({ module: 'commonjs', moduleResolution: 'node', esModuleInterop: true })

interface Way {
  name: string
  missing: string | false
  /** The command before the script. */
  command: string[]
  launcher?: string[]
}

const { execPath: node } = process
const byTsx = ['--import', tsx.path('tsx', 'dist/loader.mjs')]

const WAYS: Way[] = [
  { name: 'tsx', missing: tsx.missing, command: [node, ...byTsx] },
  { name: 'tsx under a launcher', missing: tsx.missing, command: [node, LAUNCHER, ...byTsx], launcher: [] },
  {
    name: 'the command of ts-node',
    missing: tsNode.missing,
    command: [node, tsNode.path('ts-node', 'dist/bin.js'), '--transpileOnly', '-O', TO_COMMONJS]
  },
  { name: 'Node, which strips types', missing: modern.missing, command: [modern.path] }
]

for (const { name, missing, command, launcher } of WAYS) {
  t.test(
    `an app in TypeScript, run by ${name}, reloads and tells why a release cannot boot`,
    { skip: missing },
    async (t) => {
      const server = await startServer(t, {
        ...(launcher !== undefined && { launcher }),
        prepare: async (release) => {
          await release.write('server.ts', APP)
          return { command: [...(command as [string]), 'server.ts', '--flag'] }
        }
      })
      const connection = await HttpConnection.open(server.target())
      for (const generation of [1, 2, 3]) {
        if (generation > 1) {
          await server.release.configure({ release: `R${generation}` })
          await server.reload()
        }
        t.match(JSON.parse((await connection.request({ path: '/' })).body), { generation, pid: server.current })
      }
      if (HAS_PROC) t.match(readFileSync(`/proc/${server.current}/cmdline`, 'utf8'), /server\.ts\0--flag\0$/)
      await server.release.write('server.ts', `${APP}\nthrow new Error('not that one')`)
      server.signal('SIGHUP', server.addressee)
      const { err } = await server.event('reload-failed')
      t.match(err, { code: 'GRACEFUL_ERR_CHILD_EXITED', message: /not that one/ })
      t.strictSame(server.events('warning'), [])
      connection.close()
      t.equal(await server.stop(), 0)
    }
  )
}
