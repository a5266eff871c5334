import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { cp, mkdir, rm, symlink } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { version } from 'fastify/package.json'
import t from 'tap'
import graceful from '../../../lib/index.js'
import { bare, ownEnvironment } from '../../support/bare.js'
import { HttpConnection } from '../../support/connection.js'
import { Framework } from '../../support/frameworks.js'
import { OtherNode } from '../../support/other-node.js'
import { PACKAGE_ROOT } from '../../support/release.js'
import { startServer } from '../../support/start.js'
import { tempFolder } from '../../support/temp-folder.js'

// The next Fastify, which does not start on the oldest Node of this package: the central tests of this package run with
// it.

const VERSION = '6.0.0-alpha.4'
const OLDEST_NODE = 22

const next = new Framework('fastify-6', `fastify@${VERSION}`)
const node = new OtherNode(OLDEST_NODE, 24)
const missing = next.missing || node.missing
const options = missing ? { skip: missing } : {}
const folder = next.path('fastify')

/**
 * Test files below dist/test: those about what the plugin has to do with Fastify. What it does with sockets is the same
 * with any.
 */
const CENTRAL = [
  'unit/internals/fastify-hooks',
  'unit/connections/websocket-routes',
  'e2e/plugin/beside-fastify',
  'e2e/reload/reload',
  'e2e/stop/pre-close',
  'e2e/connections/websocket-closed'
]

t.test('a reload goes from one Fastify to the next and back, and open connections with it', options, async (t) => {
  const server = await startServer(t, { execPath: node.path })
  const connection = await HttpConnection.open(server.target())
  const link = server.release.path('node_modules/fastify')
  for (const to of [folder, join(PACKAGE_ROOT, 'node_modules/fastify')]) {
    await rm(link)
    await symlink(to, link)
    const pid = await server.reload()
    t.match(JSON.parse((await connection.request({ path: '/' })).body), { pid })
  }
  t.strictSame(
    server.events('started').map(({ fastify }) => fastify),
    [version, VERSION, version]
  )
  connection.close()
})

for (const file of CENTRAL)
  t.test(`with the next Fastify: ${file}`, options, async (t) => {
    const script = join(PACKAGE_ROOT, 'dist/test', `${file}.test.js`)
    const preload = join(PACKAGE_ROOT, 'test/fixtures/other-fastify.cjs')
    // Its own limit is 30 seconds for a file.
    const env = { ...ownEnvironment(), OTHER_FASTIFY: folder, TAP_TIMEOUT: '1800' }
    const command = bare(env, node.path, ['--require', preload, script])
    const child = spawn(...command, { cwd: PACKAGE_ROOT, stdio: ['ignore', 'pipe', 'pipe'] })
    const [[code], output, errors] = await Promise.all([once(child, 'close'), text(child.stdout), text(child.stderr)])
    t.equal(code, 0, 'exit code', { output: output.split('\n'), errors: errors.split('\n') })
    t.ok(/^ok /m.test(output), 'tests were run')
    t.notOk(/^ok .* # SKIP/m.test(output), 'none was skipped')
  })

t.test('the types of the plugin are good with those of the next Fastify', options, async (t) => {
  const project = await tempFolder(t)
  const published = join(project, 'node_modules/fastify-graceful-reload')
  await cp(join(PACKAGE_ROOT, 'dist/lib'), join(published, 'dist/lib'), { recursive: true })
  await cp(join(PACKAGE_ROOT, 'package.json'), join(published, 'package.json'))
  await cp(join(PACKAGE_ROOT, 'types'), project, { recursive: true })
  await mkdir(join(project, 'node_modules/@fastify'))
  await symlink(folder, join(project, 'node_modules/fastify'))
  for (const name of ['@types', '@fastify/error'])
    await symlink(join(PACKAGE_ROOT, 'node_modules', name), join(project, 'node_modules', name))
  const tsc = join(PACKAGE_ROOT, 'node_modules/.bin/tsc')
  const command = bare(ownEnvironment(), tsc, ['--project', 'tsconfig.consumer.json', '--pretty', 'false'])
  const { status, stdout, stderr } = spawnSync(...command, { cwd: project, encoding: 'utf8' })
  t.equal(`${stdout}${stderr}`, '')
  t.equal(status, 0)
})

t.test('the versions that the plugin says it works with', options, (t) => {
  const { satisfies } = createRequire(join(folder, 'fastify.js'))('semver')
  const { peerDependencies } = JSON.parse(readFileSync(join(PACKAGE_ROOT, 'package.json'), 'utf8'))
  const { fastify: range } = Reflect.get(graceful, Symbol.for('plugin-meta'))
  for (const version of ['5.0.0', '5.99.0', '6.0.0', '6.1.0'])
    for (const admitted of [range, peerDependencies.fastify])
      t.ok(satisfies(version, admitted), `${admitted}: ${version}`)
  t.ok(satisfies(VERSION, peerDependencies.fastify))
  t.notOk(satisfies('7.0.0', range))
  t.end()
})
