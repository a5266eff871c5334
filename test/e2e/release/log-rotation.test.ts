import { readFileSync, renameSync, truncateSync } from 'node:fs'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { HttpConnection } from '../../support/connection.js'
import type { TestServer } from '../../support/server.js'
import type { Preparation } from '../../support/start.js'
import { launchServer } from '../../support/start.js'
import { untilTrue } from '../../support/tree.js'

t.jobs = 2

/** An app that logs one line for each request. What a test waits for is on stderr. */
const scriptOf = (logger: string) => `
const Fastify = require('fastify')
const graceful = require('fastify-graceful-reload')
const say = (fixture, facts) => process.stderr.write(JSON.stringify({ fixture, pid: process.pid, ...facts }) + '\\n')
const app = Fastify({ logger: ${logger} })
app.register(graceful, { probation: 50 })
app.get('/:number', async (request) => {
  request.log.info({ number: request.params.number })
  return { pid: process.pid }
})
app.listen({ port: 0, host: '127.0.0.1' }).then(() => {
  say('listening', { kind: 'app', index: 0, address: app.server.address() })
  say('started', {})
})
process.on('exit', (code) => say('exit', { code }))
`

/** Starts it; \`prepare\` says how, by the path of its script. */
async function start(
  t: Test,
  logger: (folder: string) => string,
  launcher: string[] | undefined,
  command?: (script: string) => Preparation['command']
): Promise<TestServer> {
  const server = await launchServer(t, {
    ...(launcher && { launcher }),
    prepare: async (release) => {
      await release.write('server.cjs', scriptOf(logger(release.folder)))
      const own = command?.(release.path('server.cjs'))
      return own === undefined ? undefined : { command: own }
    }
  })
  await server.event('listening')
  return server
}

/** Requests a number, on its own connection. Returns which process answered. */
async function ask(server: TestServer, number: number): Promise<number> {
  const connection = await HttpConnection.open(server.target())
  const { body } = await connection.request({ path: `/${number}` })
  connection.close()
  return JSON.parse(body).pid
}

/** The numbers that a file has lines of, in their order. */
function numbersIn(file: string): number[] {
  // Behind the last end of a line, one may be on its way.
  const lines = readFileSync(file, 'utf8').split('\n').slice(0, -1)
  return lines.flatMap((line) => {
    const { number } = JSON.parse(line)
    return number === undefined ? [] : [Number(number)]
  })
}

/** Reloads, and waits for the end of the process before. */
async function reload(server: TestServer, before: number): Promise<void> {
  server.signal('SIGHUP', server.isLaunched ? server.launcher : before)
  await server.eventOf(before, 'exit')
}

t.test('logger.file: a reload opens the file again, and no line is lost', async (t) => {
  const server = await start(t, (folder) => JSON.stringify({ file: join(folder, 'app.log') }), [])
  const [log, old] = [server.release.path('app.log'), server.release.path('app.log.1')]
  const first = await ask(server, 1)
  renameSync(log, old)
  t.equal(await ask(server, 2), first)
  await untilTrue(server, 'second line', () => numbersIn(old).length === 2)
  t.strictSame(numbersIn(old), [1, 2], 'as long as nobody reloads, what is written goes to the renamed file')
  await reload(server, first)
  t.not(await ask(server, 3), first)
  await untilTrue(server, 'third line', () => numbersIn(log).length > 0)
  t.strictSame([numbersIn(old), numbersIn(log)], [[1, 2], [3]])
  t.match(readFileSync(old, 'utf8'), /"graceful":"closed"/, 'the last words of the process before are there')
  server.signal('SIGTERM', server.launcher)
  await server.waitFor(server.gone, 'end of all')
})

t.test('a redirected stdout: no reload opens it again; the file can be emptied in place', async (t) => {
  const command = (script: string): Preparation['command'] => {
    const file = join(script, '../out.log')
    return ['/bin/sh', '-c', 'exec "$0" "$1" >> "$2"', process.execPath, script, file]
  }
  const server = await start(t, () => 'true', undefined, command)
  const [log, old] = [server.release.path('out.log'), server.release.path('out.log.1')]
  const first = await ask(server, 1)
  renameSync(log, old)
  await reload(server, first)
  const second = await ask(server, 2)
  t.not(second, first)
  await untilTrue(server, 'second line', () => numbersIn(old).length === 2)
  t.strictSame(numbersIn(old), [1, 2], 'the next generation writes to the renamed file')

  // What copytruncate does: by \`>>\` every write goes to the end of the file, wherever that is.
  truncateSync(old)
  await ask(server, 3)
  await untilTrue(server, 'third line', () => numbersIn(old).length === 1)
  t.strictSame(numbersIn(old), [3])
  t.notMatch(readFileSync(old, 'utf8'), /\0/, 'there is no hole in it')
  server.signal('SIGTERM', second)
  await server.waitFor(server.gone, 'end of all')
})
