import { once } from 'node:events'
import { mkdir, writeFile } from 'node:fs/promises'
import { connect, type Socket } from 'node:net'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { HttpConnection, type Target } from '../../support/connection.js'
import { HAS_PROC, listeningInodes } from '../../support/fds.js'
import { freePort } from '../../support/free-port.js'
import { startProgram } from '../../support/program.js'
import { greet } from '../../support/raw.js'
import type { TestServer } from '../../support/server.js'
import { tempFolder } from '../../support/temp-folder.js'

/** Reloads; everything that listens must be the sockets of before. */
async function reloadAll(t: Test, server: TestServer): Promise<number> {
  const inodes = listeningInodes(server.current)
  const child = await server.reload()
  await server.eventOf(child, 'started')
  if (HAS_PROC) t.strictSame(listeningInodes(child), inodes, 'adopted, not bound afresh')
  return child
}

async function ask(target: Target): Promise<unknown> {
  const connection = await HttpConnection.open(target)
  const { body } = await connection.request({ path: '/' })
  connection.close()
  return JSON.parse(body)
}

t.test('listen with a callback', async (t) => {
  const server = await startProgram(
    t,
    `await new Promise((resolve, reject) => app.listen({ port: 0, host: '127.0.0.1' }, (err, address) => {
      say('called back', { address })
      err ? reject(err) : resolve()
    }))
    here('app', app.server)`
  )
  const { address } = await server.event('called back')
  const child = await reloadAll(t, server)
  t.equal((await server.eventOf(child, 'called back')).address, address)
  t.match(await ask(server.target()), { pid: child, generation: 2 })
})

t.test('a second listen of an app is refused by Fastify as ever, and harms nothing', async (t) => {
  const server = await startProgram(
    t,
    `await app.listen({ port: 0, host: '127.0.0.1' })
    here('app', app.server)
    await app.listen({ port: 0, host: '127.0.0.1' }).catch((err) => say('refused', { code: err.code }))`
  )
  t.equal((await server.event('refused')).code, 'FST_ERR_REOPENED_SERVER')
  const child = await reloadAll(t, server)
  t.equal((await server.eventOf(child, 'refused')).code, 'FST_ERR_REOPENED_SERVER')
  t.match(await ask(server.target()), { pid: child, generation: 2 })
})

t.test('app.graceful.listen rejects with the error of listen, and can be used again', async (t) => {
  const server = await startProgram(
    t,
    `await app.listen({ port: 0, host: '127.0.0.1' })
    here('app', app.server)
    const server = greeter()
    const { port } = app.server.address()
    await app.graceful.listen(server, { port, host: '127.0.0.1' }).catch((err) => say('refused', { code: err.code }))
    const address = await app.graceful.listen(server, Object.freeze({ port: 0, host: '127.0.0.1' }))
    say('resolved', { address })
    here('server', server)`
  )
  t.equal((await server.event('refused')).code, 'EADDRINUSE')
  const target = server.target(0, 'server')
  const child = await reloadAll(t, server)
  t.strictSame(server.target(0, 'server'), target)
  t.match(await greet(target), { pid: child, generation: 2 })
})

t.test('a server that listens before the plugin is registered crosses too', async (t) => {
  const port = await freePort()
  const path = join(await tempFolder(t), 'early')
  const server = await startProgram(
    t,
    `await app.listen({ port: 0, host: '127.0.0.1' })
    here('app', app.server)`,
    {
      before: `const early = greeter()
    await new Promise((resolve, reject) => early.once('error', reject).listen(${port}, '127.0.0.1', resolve))
    here('server', early)
    const local = greeter()
    await new Promise((resolve, reject) => local.once('error', reject).listen(${JSON.stringify(path)}, resolve))
    here('plain', local)`
    }
  )
  const child = await reloadAll(t, server)
  t.match(await greet(server.target(0, 'server')), { pid: child, generation: 2 })
  t.match(await greet(server.target(0, 'plain')), { pid: child, generation: 2 })
})

t.test('a server that is given a free port by itself does not take the port of an app', async (t) => {
  const server = await startProgram(
    t,
    `const foreign = greeter()
    await new Promise((resolve) => app.ready(() => foreign.listen(0, '127.0.0.1', resolve)))
    here('plain', foreign)
    await app.listen({ port: 0, host: '127.0.0.1' })
    here('app', app.server)`
  )
  const target = server.target()
  const child = await server.reload()
  await server.eventOf(child, 'started')
  t.strictSame(server.target(), target)
  t.match(await ask(target), { pid: child, generation: 2 })
  t.match(await greet(server.target(0, 'plain')), { pid: child, generation: 2 })
})

t.test('options that cannot be changed do no harm', async (t) => {
  const server = await startProgram(
    t,
    `await app.listen({ port: 0, host: '127.0.0.1' })
    const foreign = greeter()
    await new Promise((resolve) => foreign.listen(Object.freeze({ port: ${await freePort()}, host: '127.0.0.1' }), resolve))
    here('plain', foreign)`
  )
  const child = await reloadAll(t, server)
  t.match(await greet(server.target(0, 'plain')), { pid: child, generation: 2 })
})

t.test('a package that is a link can be loaded once the listeners have been inherited', async (t) => {
  const folder = await tempFolder(t)
  for (const [name, code] of [
    ['late', `require('dependency')`],
    ['dependency', '']
  ] as const) {
    await mkdir(join(folder, 'node_modules', name), { recursive: true })
    await writeFile(join(folder, 'node_modules', name, 'index.js'), code)
  }
  const server = await startProgram(
    t,
    `await app.listen({ path: ${JSON.stringify(join(folder, 'socket'))} })
    here('app', app.server)
    require('late')`,
    { link: join(folder, 'node_modules', 'late') }
  )
  const child = await reloadAll(t, server)
  t.match(await ask(server.target()), { pid: child, generation: 2 })
})

t.test('the backlog is the requested one', { skip: HAS_PROC ? false : 'Linux tells at once' }, async (t) => {
  const path = join(await tempFolder(t), 'socket')
  const server = await startProgram(
    t,
    `await app.listen({ port: 0, host: '127.0.0.1' })
    const small = greeter()
    await app.graceful.listen(small, { path: ${JSON.stringify(path)}, backlog: 3 })`
  )
  t.equal(await queueLength(server, path), 4)
  await reloadAll(t, server)
  t.equal(await queueLength(server, path), 4)
})

/** How many connections fit into the queue of a server that does not accept: one more than its backlog. */
async function queueLength(server: TestServer, path: string): Promise<number> {
  server.signal('SIGSTOP')
  const sockets: Socket[] = []
  try {
    for (;;) {
      const socket = connect(path)
      await once(socket, 'connect')
      sockets.push(socket)
    }
  } catch (err) {
    if ((err as NodeJS.ErrnoException).code !== 'EAGAIN') throw err
    return sockets.length
  } finally {
    for (const socket of sockets) socket.destroy()
    server.signal('SIGCONT')
  }
}

const skip = process.platform === 'linux' ? false : 'abstract sockets are of Linux'
t.test('an abstract socket crosses', { skip }, async (t) => {
  const name = `fastify-graceful-reload-${process.pid}-${Date.now()}`
  const server = await startProgram(
    t,
    `await app.listen({ port: 0, host: '127.0.0.1' })
    const abstract = greeter()
    await app.graceful.listen(abstract, { path: '\\0${name}' })
    here('server', abstract)`
  )
  const child = await reloadAll(t, server)
  t.match(await greet({ path: `\0${name}` }), { pid: child, generation: 2 })
})
