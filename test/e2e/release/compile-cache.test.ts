import { chownSync, existsSync, readdirSync, rmSync } from 'node:fs'
import { chmod, mkdir, realpath } from 'node:fs/promises'
import nodeModule from 'node:module'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { HttpConnection } from '../../support/connection.js'
import type { Release } from '../../support/release.js'
import type { TestServer } from '../../support/server.js'
import { LAUNCHER, type ServerSettings, startServer } from '../../support/start.js'

t.jobs = 2

/** The user of another service. */
const OTHER = 65534

const noCache = !('enableCompileCache' in nodeModule) && 'Node before 22.1 has no compile cache'

/** Prints what it finds. An older Node is made to look like one that has the cache. It ignores the variable. */
const SCRIPT = `
require('node:module').enableCompileCache ??= () => {}
const { NODE_COMPILE_CACHE: folder = null, FASTIFY_GRACEFUL_COMPILE_CACHE: marker = null } = process.env
require('./app.cjs').say('given', { folder, marker })
require('./server.cjs')
`

/** Variables that may come from the environment of the test run. */
const UNSET = ['CACHE_DIRECTORY', 'XDG_CACHE_HOME', 'NODE_COMPILE_CACHE', 'NODE_DISABLE_COMPILE_CACHE'].flatMap(
  (name) => ['-u', name]
)

interface Story {
  server: TestServer
  /** Where other users can write. */
  shared: string
  /** Where the cache of the user belongs. */
  own: string
}

async function start(t: Test, settings: ServerSettings, plant: (folder: string) => Promise<void>): Promise<Story> {
  let root = ''
  const prepare = async (release: Release, folder: string) => {
    root = await realpath(folder)
    await release.write('cached.cjs', SCRIPT)
    await plant(root)
    const launcher = settings.launcher === undefined ? [] : [LAUNCHER]
    const places = [`TMPDIR=${root}/tmp`, `HOME=${root}/home`]
    const node = [process.execPath, ...launcher, release.path('cached.cjs')]
    return { command: ['env', ...UNSET, ...places, ...node] as [string, ...string[]] }
  }
  const server = await startServer(t, { ...settings, prepare })
  return { server, shared: join(root, 'tmp'), own: join(root, 'home/.cache/fastify-graceful-reload/compile-cache') }
}

/** A folder that another user has made first. */
async function plantFolder(path: string): Promise<void> {
  await mkdir(path, { recursive: true })
  await chmod(path, 0o777)
  if (process.geteuid?.() === 0) chownSync(path, OTHER, OTHER)
}

async function seenByApp(server: TestServer, name: string): Promise<unknown> {
  const client = await HttpConnection.open(server.target())
  const { body } = await client.request({ path: `/env/${name}` })
  client.close()
  return JSON.parse(body).value
}

const NOTHING = { folder: null, marker: null }

for (const launcher of [undefined, []]) {
  const how = launcher === undefined ? 'without a launcher' : 'under a launcher'
  t.test(`${how}, no child uses a folder that another user has made first`, async (t) => {
    const config = { options: { probation: 0 } }
    const { server, shared, own } = await start(t, { config, ...(launcher && { launcher }) }, async (root) => {
      await mkdir(join(root, 'tmp'))
      await chmod(join(root, 'tmp'), 0o1777)
      await plantFolder(join(root, 'tmp/node-compile-cache'))
      await plantFolder(join(root, 'home/.cache/fastify-graceful-reload/compile-cache'))
    })
    t.match(await server.eventOf(server.pid, 'given'), NOTHING)
    t.match(await server.eventOf(await server.reload(), 'given'), NOTHING)
    const planted = /^the child gets no compile cache: .*compile-cache (belongs to user 65534|is open to other users)/
    t.match(server.events('warning'), [{ warning: planted }])

    rmSync(own, { recursive: true })
    for (const generation of [3, 4]) {
      const child = await server.reload()
      t.match(await server.eventOf(child, 'given'), { folder: own, marker: own }, `generation ${generation}`)
      for (const name of ['NODE_COMPILE_CACHE', 'FASTIFY_GRACEFUL_COMPILE_CACHE'])
        t.equal(await seenByApp(server, name), null, 'nor do the app and its processes see it')
    }
    t.equal(await server.stop(), 0)
    t.equal(server.events('warning').length, 1)
    t.strictSame(readdirSync(join(shared, 'node-compile-cache')), [], 'nothing was read there, and nothing written')
    t.test('and generations share their own', { skip: noCache }, async (t) => {
      const [version = '', ...others] = readdirSync(own)
      t.strictSame(others, [])
      t.ok(readdirSync(join(own, version)).length > 10, 'Node has written there')
    })
  })
}

t.test('the app names the folder', async (t) => {
  const config = { options: { probation: 0, compileCache: 'cache' } }
  const { server, own } = await start(t, { config }, async () => {})
  const folder = join(await realpath(server.release.folder), 'cache')
  t.match(await server.eventOf(await server.reload(), 'given'), { folder, marker: folder })
  t.notOk(existsSync(own))
  t.equal(await server.stop(), 0)
})

t.test('the app wants no cache', async (t) => {
  const { server, own } = await start(t, { config: { options: { probation: 0, compileCache: false } } }, async () => {})
  t.match(await server.eventOf(await server.reload(), 'given'), NOTHING)
  t.notOk(existsSync(own))
  t.equal(await server.stop(), 0)
})

t.test('what cannot be trusted is told once, however often a reload fails', async (t) => {
  const config = { options: { probation: 0, compileCache: '/dev/null/cache' } }
  const { server } = await start(t, { config }, async () => {})
  await server.release.configure({ boot: 'exit' })
  for (const reason of ['one', 'two']) {
    await server.tell({ command: 'reload', reason })
    const test = (line: { graceful?: string; reason?: unknown }) =>
      line.graceful === 'reload-failed' && line.reason === reason
    await server.event({ what: `failure of reload ${reason}`, test })
  }
  t.match(server.events('warning'), [{ warning: /^the child gets no compile cache: .dev.null is not a folder/ }])
  t.equal(await server.stop(), 0)
})
