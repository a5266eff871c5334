import { readFileSync } from 'node:fs'
import t from 'tap'
import { countFds, HAS_PROC, isAlive, listeningInodes, listFds } from '../../support/fds.js'
import type { Line } from '../../support/output.js'
import type { Release } from '../../support/release.js'
import type { TestServer } from '../../support/server.js'
import { LAUNCHER, startServer } from '../../support/start.js'
import { untilLeft, untilTrue } from '../../support/tree.js'

/** What a launcher may take of the memory. kB */
const MOST_MEMORY = 60 * 1024
const RELOADS = 20

function residentMemory(pid: number): number {
  return Number(/^VmRSS:\s+(\d+) kB/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1])
}

/**
 * Waits until the launcher has this many listening sockets: it is given each of them a moment after the server listens
 * on it.
 */
async function untilHeld(server: TestServer, count: number): Promise<void> {
  await untilTrue(server, `launcher with ${count} sockets`, () => listeningInodes(server.launcher).length === count)
}

t.test('nothing grows over twenty reloads, and the launcher stays small', { skip: !HAS_PROC }, async (t) => {
  const listen = { port: 0, host: '127.0.0.1' }
  const config = { options: { probation: 0 }, apps: [listen, listen], servers: [listen] }
  const server = await startServer(t, { launcher: [], config })
  const { launcher } = server
  await untilHeld(server, 3)
  const sockets = listeningInodes(launcher)
  const before = { launcher: countFds(launcher), server: countFds(server.pid) }
  const memory = residentMemory(launcher)
  t.ok(memory < MOST_MEMORY, `${memory} kB`)
  for (let reload = 1; reload <= RELOADS; reload++) await server.reload()
  await untilLeft(server, [launcher, server.current])
  t.strictSame(listeningInodes(launcher), sockets)
  t.strictSame(listeningInodes(server.current), sockets)
  const counts = () => ({ launcher: countFds(launcher), server: countFds(server.current) })
  const isSame = () => JSON.stringify(counts()) === JSON.stringify(before)
  await untilTrue(server, `as many descriptors as at first, ${JSON.stringify(before)}`, isSame)
  const after = residentMemory(launcher)
  t.ok(after < MOST_MEMORY, `${memory} kB became ${after} kB`)
  t.comment(`${memory} kB became ${after} kB`)
  server.signal('SIGKILL', server.current)
  const crashed = server.current
  const test = ({ fixture, pid }: Line) => fixture === 'started' && pid !== crashed && isAlive(pid)
  await server.event({ what: 'next server', test })
  await untilTrue(server, `as many descriptors after a crash, ${JSON.stringify(before)}`, isSame)
  t.equal(await server.stop(), 0)
})

t.test('after a listener was closed, no process holds its socket', { skip: !HAS_PROC }, async (t) => {
  const listen = { port: 0, host: '127.0.0.1' }
  const config = { options: { probation: 0 }, apps: [listen], servers: [listen] }
  const server = await startServer(t, { launcher: [], config })
  await untilHeld(server, 2)
  await server.release.configure({ servers: [] })
  await server.reload()
  await untilHeld(server, 1)
  t.equal(listeningInodes(server.current).length, 1)
  t.equal(await server.stop(), 0)
})

/**
 * Starts its own child process before the plugin is loaded, and another when all listens. Each lives until its stdin
 * ends.
 */
const PARENT = `
const { spawn } = require('node:child_process')
const { start, say } = require('./app.cjs')
const spawnOne = (when) => {
  const env = { ...process.env, FIXTURE_MARKER: '' }
  const { pid } = spawn(process.execPath, ['-e', 'process.stdin.resume()'], { env, stdio: ['pipe', 'ignore', 'ignore'] })
  say('grandchild', { when, grandchild: pid })
}
spawnOne('early')
start({ Fastify: require('fastify'), graceful: require('fastify-graceful-reload') }).then(() => spawnOne('late'))
`

t.test('what a server starts inherits neither the flag nor a descriptor', { skip: !HAS_PROC }, async (t) => {
  const prepare = async (release: Release) => {
    await release.write('parent.cjs', PARENT)
    return undefined
  }
  const server = await startServer(t, { launcher: [], script: 'parent.cjs', prepare })
  for (const start of [async () => server.pid, () => server.reload()]) {
    const pid = await start()
    const isLast = (line: Line) => line.pid === pid && line.when === 'late'
    await server.event({ what: `last grandchild of ${pid}`, test: isLast })
    for (const { grandchild, when } of server.events((line) => line.pid === pid && line.fixture === 'grandchild')) {
      t.strictSame(listeningInodes(Number(grandchild)), [], `${when}: no listening socket`)
      const sockets = [...listFds(Number(grandchild)).values()].filter((link) => link.startsWith('socket'))
      const launchers = new Set(listFds(server.launcher).values())
      const shared = sockets.filter((link) => launchers.has(link))
      t.strictSame(shared, [], `${when}: nothing in common with the launcher`)
      const environment = readFileSync(`/proc/${grandchild}/environ`, 'latin1')
      if (when === 'late') t.notMatch(environment, /FASTIFY_GRACEFUL_RELOAD|NODE_CHANNEL/)
    }
  }
  t.equal(await server.stop(), 0)
})

/** Tells, in the launcher and in the server, what was loaded when the process ends. */
const HOOK = `
process.on('exit', () => {
  const files = Object.keys(require('node:module')._cache)
  require('node:fs').writeSync(1, JSON.stringify({ fixture: 'loaded', pid: process.pid, files }) + '\\n')
})
`

t.test('the launcher loads neither Fastify nor the app', async (t) => {
  const server = await startServer(t, {
    launcher: [],

    config: { options: { probation: 0 } },
    prepare: async (release) => {
      await release.write('hook.cjs', HOOK)
      const command = [process.execPath, '-r', release.path('hook.cjs'), LAUNCHER, release.path('server.cjs')] as const
      return { command: [...command] }
    }
  })
  await server.reload()
  t.equal(await server.stop(), 0)
  const { files } = await server.eventOf(server.launcher, 'loaded')
  const foreign = (files as string[]).filter(
    (file) => !/dist\/package\/|hook\.cjs$|node_modules\/@fastify\/error\//.test(file)
  )
  t.strictSame(foreign, [])
  t.comment(`${(files as string[]).length} files`)
})
