import { readdirSync } from 'node:fs'
import { cp, mkdir, readFile, rename, rm, symlink } from 'node:fs/promises'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import type { Line } from '../../support/output.js'
import { PACKAGE_ROOT, type Release } from '../../support/release.js'
import type { TestServer } from '../../support/server.js'
import { startServer } from '../../support/start.js'

t.jobs = 3

/** A plain server: what an app does beside that may need more of the plugin earlier. */
const PLAIN = `
  const { subscribe } = require('node:diagnostics_channel')
  const { say } = require('./app.cjs')
  const { readdirSync } = require('node:fs')
  const folder = require('node:path').dirname(require.resolve('fastify-graceful-reload'))
  const all = readdirSync(folder).filter((name) => name.startsWith('later-'))
  const loaded = () => all.filter((name) => require.cache[folder + '/' + name] !== undefined)
  subscribe('fastify-graceful-reload:serving', () => {
    say('serves', { later: loaded() })
    const looks = setInterval(() => {
      if (loaded().length < all.length) return
      clearInterval(looks)
      say('loaded', {})
    }, 10)
  })
  const app = require('fastify')({ logger: true })
  app.register(require('fastify-graceful-reload'), { probation: 100 })
  app.listen({ host: '127.0.0.1', port: 0 }).then(() => say('started', {}))
`

/** Gives the release its own copy of the published files. */
async function install(release: Release): Promise<undefined> {
  const modules = release.path('node_modules')
  const plugin = join(modules, 'fastify-graceful-reload')
  await rm(plugin)
  await mkdir(plugin)
  await cp(join(PACKAGE_ROOT, 'package.json'), join(plugin, 'package.json'))
  await cp(join(PACKAGE_ROOT, 'dist/package'), join(plugin, 'dist/package'), { recursive: true })
  const { dependencies } = JSON.parse(await readFile(join(PACKAGE_ROOT, 'package.json'), 'utf8'))
  for (const name of Object.keys(dependencies))
    await symlink(join(PACKAGE_ROOT, 'node_modules', name), join(modules, name))
  await release.write('server.cjs', PLAIN)
  return undefined
}

function start(t: Test): Promise<TestServer> {
  return startServer(t, { prepare: install })
}

t.test('a server loads the half of the plugin that it does not need yet after it serves', async (t) => {
  const server = await start(t)
  t.match(await server.eventOf(server.pid, 'serves'), { later: [] })
  await server.eventOf(server.pid, 'loaded')
  server.signal('SIGHUP')
  t.not(await server.serving(2), server.pid)
})

t.test('a deployment that removes the files: the server goes on, refuses the new code, and stops', async (t) => {
  const server = await start(t)
  await server.eventOf(server.pid, 'loaded')
  const { release } = server
  await rename(release.path('node_modules'), release.path('elsewhere'))
  server.signal('SIGHUP')
  const { err } = await server.eventOf(server.pid, 'reload-failed')
  t.match(err, { code: 'GRACEFUL_ERR_CHILD_EXITED' })
  server.signal('SIGTERM')
  t.match(await server.eventOf(server.pid, 'closed'), { exitCode: 0 })
})

t.test('a launcher outlives the deployment that takes its files away', async (t) => {
  const server = await startServer(t, {
    launcher: [],
    prepare: async (release) => {
      await install(release)
      const bin = release.path('node_modules/fastify-graceful-reload/dist/package/cli/bin.js')
      return { command: [process.execPath, bin, release.path('server.cjs')] }
    }
  })
  const { release, pid: first } = server
  await server.eventOf(first, 'loaded')
  await rename(release.path('node_modules'), release.path('elsewhere'))
  server.signal('SIGHUP', server.launcher)
  const told = (what: string, pattern: RegExp) =>
    server.event({ what, test: ({ graceful, msg }) => graceful === 'launcher' && pattern.test(String(msg)) })
  await told('failure of the reload', /^reload \(SIGHUP\) failed: the child exited with code 1/)
  process.kill(first, 'SIGKILL')
  await told('restart', /starting another one/)
  await rename(release.path('elsewhere'), release.path('node_modules'))
  const isNext = ({ graceful, pid }: Line) => graceful === 'serving' && pid !== first
  await server.event({ what: 'a server after the crash', test: isNext })
  t.match(await stop(server), { code: 0 })
})

/** Its servers print no last word. */
function stop(server: TestServer) {
  server.signal('SIGTERM', server.launcher)
  return server.waitFor(server.exit, 'end of the launcher')
}

const FOLDER = 'node_modules/fastify-graceful-reload/dist/package'

/** The files that a server loads a second after it serves. */
const LATER = readdirSync(join(PACKAGE_ROOT, 'dist/package')).filter((name) => /^(later-\d+|child)\.js$/.test(name))

for (const missing of [...LATER.map((name) => [name]), LATER]) {
  const what = missing.length === 1 ? missing[0] : 'all of them'
  t.test(
    `a file that cannot be loaded yet: the server warns, goes on, and loads it when it can: ${what}`,
    async (t) => {
      const server = await startServer(t, {
        prepare: async (release) => {
          await install(release)
          for (const name of missing) await rename(release.path(`${FOLDER}/${name}`), release.path(name))
          return undefined
        }
      })
      const { release } = server
      const { warning } = await server.eventOf(server.pid, 'warning')
      t.match(
        warning,
        /a file of fastify-graceful-reload cannot be loaded: Cannot find module '\.\/(later-\d+|child)\.js'/
      )
      for (const name of missing) await rename(release.path(name), release.path(`${FOLDER}/${name}`))
      // What it lacked is used by a reload.
      server.signal('SIGHUP')
      await server.serving(2)
    }
  )
}
