import { existsSync, statSync } from 'node:fs'
import { symlink, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { failReload, succeedReload } from '../../support/admin.js'
import { HttpConnection, type Target } from '../../support/connection.js'
import { HAS_PROC, listeningInodes } from '../../support/fds.js'
import type { TestServer } from '../../support/server.js'
import { launchServer, startServer } from '../../support/start.js'
import { tempFolder } from '../../support/temp-folder.js'

t.jobs = 3

/** How long a path may be: https://man7.org/linux/man-pages/man7/unix.7.html */
const LONGEST = process.platform === 'linux' ? 107 : 103

/** Starts a server whose app listens on this path only. */
function startOn(t: Test, path: string, launch = startServer): Promise<TestServer> {
  return launch(t, { config: { apps: [{ path }], options: { probation: 100 } } })
}

/** Which file is at a path. */
function inodeOf(path: string): number {
  return statSync(path).ino
}

t.test('a path survives reloads, and goes away with the last stop', async (t) => {
  const path = join(await tempFolder(t), 'socket')
  const server = await startOn(t, path)
  const [file, sockets] = [inodeOf(path), listeningInodes(server.pid)]
  for (const release of ['B', 'C']) {
    await succeedReload(t, server, release)
    t.equal(inodeOf(path), file, 'the path is still the same file')
    if (HAS_PROC) t.strictSame(listeningInodes(server.current), sockets)
  }
  t.equal(await server.stop(), 0)
  t.equal(existsSync(path), false)
})

t.test('a path survives failed reloads', async (t) => {
  const path = join(await tempFolder(t), 'socket')
  const server = await startOn(t, path)
  const [file, good] = [inodeOf(path), await server.release.read('server.cjs')]
  const listen = `const app = require('fastify')({ logger: true })
    app.register(require('fastify-graceful-reload'))
    app.listen({ path: ${JSON.stringify(path)} })`
  const failures = [
    `throw new Error('boom')`,
    `${listen}.then(() => { throw new Error('boom') }); app.register(async () => { await null })`,
    `${listen}; app.register(async () => { throw new Error('boom') })`,
    `${listen}; app.addHook('onListen', async () => process.exit(1))`,
    `${listen}; app.server.once('listening', () => process.kill(process.pid, 'SIGKILL'))`,
    `${listen}; app.server.once('listening', () => app.close())`
  ]
  for (const code of failures) {
    const { code: refusal } = await failReload(t, server, () => server.release.write('server.cjs', code))
    t.equal(refusal, 'GRACEFUL_ERR_CHILD_EXITED')
    t.equal(inodeOf(path), file)
  }
  await server.release.write('server.cjs', good)
  await succeedReload(t, server)
  t.equal(inodeOf(path), file)
})

t.test('a path that new code no longer asks for goes away', async (t) => {
  const folder = await tempFolder(t)
  const [kept, left] = [join(folder, 'kept'), join(folder, 'left')]
  const config = { apps: [{ path: kept }], servers: [{ path: left }], options: { probation: 100 } }
  const server = await startServer(t, { config })
  await server.release.configure({ servers: [] })
  await succeedReload(t, server)
  t.match(await server.event('unclaimed'), { address: left, level: 40 })
  t.strictSame([existsSync(kept), existsSync(left)], [true, false])
})

t.test('a path that a crash left behind is replaced', async (t) => {
  const path = join(await tempFolder(t), 'socket')
  const crashed = await startOn(t, path)
  crashed.signal('SIGKILL')
  await crashed.gone
  t.ok(existsSync(path))
  const server = await startOn(t, path)
  t.match(await ask({ path }), { pid: server.pid })
  t.equal(await server.stop(), 0)
  t.equal(existsSync(path), false)
})

t.test('a path on which somebody serves is left to them', async (t) => {
  const path = join(await tempFolder(t), 'socket')
  const owner = await startOn(t, path)
  await failsWith(t, path, 'listen EADDRINUSE: address already in use')
  t.match(await ask({ path }), { pid: owner.pid })
  await succeedReload(t, owner)
})

t.test('what is no socket is never replaced', async (t) => {
  const folder = await tempFolder(t)
  const [file, link] = [join(folder, 'file'), join(folder, 'link')]
  await writeFile(file, 'precious')
  await symlink(join(folder, 'nowhere'), link)
  for (const path of [file, link, folder]) {
    await failsWith(t, path, 'listen EADDRINUSE: address already in use')
  }
})

t.test('paths up to the longest work, and what cannot be had fails under its own name', async (t) => {
  const folder = await tempFolder(t)
  for (const length of [LONGEST - 7, LONGEST - 6, LONGEST]) {
    const path = join(folder, 'x'.repeat(length - folder.length - 1))
    const server = await startOn(t, path)
    await succeedReload(t, server)
    t.equal(await server.stop(), 0)
    t.equal(existsSync(path), false)
  }
  for (const length of [LONGEST + 1, 400]) {
    const path = join(folder, 'x'.repeat(length - folder.length - 1))
    await failsWith(t, path, 'listen EINVAL: invalid argument')
  }
  await failsWith(t, join(folder, 'missing', 'socket'), 'listen EACCES: permission denied')
})

async function failsWith(t: Test, path: string, message: string): Promise<void> {
  const server = await startOn(t, path, launchServer)
  t.equal((await server.exit).code, 1)
  await server.waitFor(server.gone, 'end of all output')
  t.match(server.output.toString(), `${message} ${path}`)
}

async function ask(target: Target): Promise<unknown> {
  const connection = await HttpConnection.open(target)
  const { body } = await connection.request({ path: '/' })
  connection.close()
  return JSON.parse(body)
}
