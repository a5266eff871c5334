import { readFileSync } from 'node:fs'
import t from 'tap'
import { countFds, HAS_PROC, listeningInodes, listFds } from '../../support/fds.js'
import type { Line } from '../../support/output.js'
import type { Release } from '../../support/release.js'
import type { TestServer } from '../../support/server.js'
import { startServer } from '../../support/start.js'
import { untilLeft, untilTrue } from '../../support/tree.js'

/** Starts its own child processes at several moments of its boot. Each lives until its stdin ends. */
const PARENT_OF_MANY = `
const { spawn, execSync } = require('node:child_process')
const { start, say } = require('./app.cjs')
const spawnOne = (when) => {
  const env = { ...process.env, FIXTURE_MARKER: '' }
  const stdio = ['pipe', 'ignore', 'ignore']
  const { pid } = spawn(process.execPath, ['-e', 'process.stdin.resume()'], { env, stdio })
  const flag = execSync('echo "$FASTIFY_GRACEFUL_RELOAD"').toString().trim()
  say('grandchild', { when, grandchild: pid, flag })
}
spawnOne('before the plugin is loaded')
const graceful = require('fastify-graceful-reload')
spawnOne('before the plugin is registered')
start({ Fastify: require('fastify'), graceful }).then(() => spawnOne('when all listens'))
`

const TWO_APPS = [
  { port: 0, host: '127.0.0.1' },
  { port: 0, host: '127.0.0.1' }
]

/** The sockets and pipes that a process shares with another one, and not with the process that started this test. */
function shared(pid: number, other: number): string[] {
  const links = new Set(listFds(other).values())
  for (const link of listFds(process.pid).values()) links.delete(link)
  return [...listFds(pid).values()].filter((link) => /^(socket|pipe)/.test(link) && links.has(link))
}

async function grandchildrenOf(server: TestServer, pid: number): Promise<Line[]> {
  const isLast = (line: Line) => line.pid === pid && line.when === 'when all listens'
  await server.event({ what: `last grandchild of ${pid}`, test: isLast })
  return server.events((line) => line.pid === pid && line.fixture === 'grandchild')
}

t.test('what the child starts inherits neither the flag nor a descriptor', { skip: !HAS_PROC }, async (t) => {
  const prepare = async (release: Release) => {
    await release.write('many.cjs', PARENT_OF_MANY)
    return undefined
  }
  const server = await startServer(t, { config: { apps: TWO_APPS }, script: 'many.cjs', prepare })
  await grandchildrenOf(server, server.pid)
  const child = await server.reload()
  const grandchildren = await grandchildrenOf(server, child)
  t.equal(listeningInodes(child).length, 2)
  for (const { grandchild, when, flag } of grandchildren) {
    const pid = Number(grandchild)
    const environment = readFileSync(`/proc/${pid}/environ`, 'latin1')
    t.strictSame(listeningInodes(pid), [], `${when}: no listening socket`)
    t.strictSame(shared(pid, child), [], `${when}: nothing in common`)
    t.notMatch(environment, /NODE_CHANNEL/, `${when}: no channel`)
    // What an app starts before it loads the plugin has the flag, and ignores it: it is another process's.
    if (when === 'before the plugin is loaded') continue
    t.notMatch(environment, /FASTIFY_GRACEFUL_RELOAD/, `${when}: no flag`)
    t.equal(flag, '', `${when}: no flag in a shell`)
  }
  t.equal(grandchildren.length, 3)
})

function residentMemory(pid: number): number {
  return Number(/^VmRSS:\s+(\d+) kB/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1])
}

t.test('nothing grows over twenty reloads', { skip: !HAS_PROC }, async (t) => {
  const config = { options: { probation: 0 }, apps: TWO_APPS, servers: [{ port: 0, host: '127.0.0.1' }] }
  const server = await startServer(t, { config })
  const [sockets, fds, memory] = [listeningInodes(server.pid), countFds(server.pid), residentMemory(server.pid)]
  for (let reloads = 1; reloads <= 20; reloads += 1) await server.reload()
  const last = server.current
  await untilLeft(server, [last])
  t.equal(server.events('serving').at(-1)?.generation, 21)
  t.strictSame(listeningInodes(last), sockets)
  // The channel to the parent goes when this process has noticed that the parent has gone.
  await untilTrue(server, `as many descriptors as at first, ${fds}`, () => countFds(last) === fds)
  t.ok(residentMemory(last) < memory * 1.5, `${memory} kB became ${residentMemory(last)} kB`)
})

/** Reloads that fail, each in its own way. Resolves when the process has told so. */
const FAILURES: Record<string, (server: TestServer) => Promise<void>> = {
  'a boot that throws': async (server) => {
    await server.release.configure({ boot: 'throw' })
    server.signal('SIGHUP', server.pid)
  },
  'a boot that is ended': async (server) => {
    await server.release.configure({ boot: 'hang' })
    const known = server.events('reload-started').length
    server.signal('SIGHUP', server.pid)
    await server.event(() => server.events('reload-started').length > known)
    server.signal('SIGKILL', Number(server.events('reload-started').at(-1)?.child))
  },
  'a child that dies in its probation': async (server) => {
    await server.release.write(
      'config.json',
      (await server.release.read('config.json')).replace(/"boot":"\w+"/, '"x":1')
    )
    const known = server.events('handed-over').length
    server.signal('SIGHUP', server.pid)
    await server.event(() => server.events('handed-over').length > known)
    server.signal('SIGKILL', Number(server.events('handed-over').at(-1)?.child))
  }
}

for (const [what, fail] of Object.entries(FAILURES)) {
  t.test(`nothing grows over failed reloads: ${what}`, { skip: !HAS_PROC }, async (t) => {
    const server = await startServer(t, { config: { options: { probation: 10_000 }, apps: TWO_APPS } })
    const failures = () => server.events((line) => line.fixture === 'hook' && line.name === 'reloadFailed').length
    const counts: number[] = []
    for (let times = 1; times <= 6; times += 1) {
      await fail(server)
      // Each of the two apps has its hook.
      await server.event(() => failures() === 2 * times)
      await untilLeft(server, [server.pid])
      // What belonged to the child is closed in the next turns of the event loop.
      for (const _ of [1, 2]) await server.heard(server.pid)
      counts.push(countFds(server.pid))
    }
    t.same(counts, Array(6).fill(counts[0]))
    t.equal(listeningInodes(server.pid).length, 2)
  })
}
