import t from 'tap'
import { HttpConnection } from '../../support/connection.js'
import { Framework } from '../../support/frameworks.js'
import type { TestServer } from '../../support/server.js'
import { startServer, WAYS } from '../../support/start.js'
import { WebSocketClient } from '../../support/websocket.js'

// Left alone, its shutdown hooks end the service on SIGHUP, and are cut off on SIGTERM, with an exit code of 0.

const PACKAGES = [
  '@nestjs/common',
  '@nestjs/core',
  '@nestjs/platform-fastify',
  '@nestjs/platform-ws',
  '@nestjs/websockets'
]
const OTHERS = ['reflect-metadata', 'rxjs']
const frameworkOf = (version: number) =>
  new Framework(`nestjs-${version}`, ...PACKAGES.map((name) => `${name}@${version}`), 'reflect-metadata@0.2', 'rxjs@7')

/** The version before listens to signals in another way. */
const CASES = [...WAYS.map((way) => ({ ...way, version: 12 })), { settings: {}, where: '', version: 11 }]

const HOOKS = ['onModuleDestroy', 'beforeApplicationShutdown', 'onApplicationShutdown']

/** What became of the hooks of a process, and what came between them. */
function story(server: TestServer, pid: number): string[] {
  return server
    .events((line) => line.pid === pid)
    .flatMap(({ fixture, name }) => {
      if (fixture === 'released') return ['answered']
      if (fixture === 'hook begins' || fixture === 'hook ends') return [`${fixture.slice(5)} ${name}`]
      return fixture === 'exit' ? ['exit'] : []
    })
}

const ALL_HOOKS = HOOKS.flatMap((name) => [`begins ${name}`, `ends ${name}`])

for (const { settings, where, version } of CASES) {
  const framework = frameworkOf(version)
  const options = framework.missing ? { skip: framework.missing } : {}
  t.test(
    `NestJS ${version} reloads, and runs all shutdown hooks, after the last request${where}`,
    options,
    async (t) => {
      const server = await startServer(t, {
        ...settings,
        script: 'nestjs.cjs',
        prepare: (release) => framework.provide(release, ...PACKAGES, ...OTHERS)
      })
      const connection = await HttpConnection.open(server.target())
      const ask = async () => JSON.parse((await connection.request({ path: '/cats' })).body)
      const gateway = await WebSocketClient.open(server.target(), '/events')
      const first = server.current
      t.match(await ask(), { isOpen: true, pid: first })
      t.match(JSON.parse(await gateway.ask('{"event":"whoami"}')), { data: first })

      const second = await server.reload()
      t.match(await gateway.closed, { code: 1012 })
      t.match(await ask(), { isOpen: true, pid: second })
      t.strictSame(story(server, first), [...ALL_HOOKS, 'exit'])

      const again = await WebSocketClient.open(server.target(), '/events')
      t.match(JSON.parse(await again.ask('{"event":"whoami"}')), { data: second })
      const slow = connection.send({ path: '/hold/slow' })
      await server.held('slow')
      server.signal('SIGTERM', server.addressee)
      t.match(await again.closed, { code: 1001 })
      await server.tell({ command: 'release', name: 'slow' }, second)
      t.equal((await slow.response).status, 200)
      t.equal(await server.exitOf(second), 0)
      t.strictSame(story(server, second), ['answered', ...ALL_HOOKS, 'exit'])
      const signals = server.events((line) => line.pid === second && line.name === 'onApplicationShutdown')
      t.match(signals, [{ signal: 'SIGTERM' }, {}])
      t.strictSame(server.events('warning'), [])
      t.strictSame(server.events('forced'), [])
    }
  )
}
