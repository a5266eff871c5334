import { mkdir } from 'node:fs/promises'
import t from 'tap'
import { HttpConnection } from '../../support/connection.js'
import { isAlive } from '../../support/fds.js'
import { untilLeft, untilTrue } from '../../support/tree.js'
import { askOnce, Watched } from '../../support/watched.js'

const MAIN = `
const Fastify = require('fastify')
const graceful = require('fastify-graceful-reload')
const { readdirSync, readFileSync } = require('node:fs')
const { start } = require('./app.cjs')
require('./part.cjs')
process.loadEnvFile('.env')
const pages = readdirSync('pages', { recursive: true }).filter((name) => name.endsWith('.html'))
const text = pages.map((name) => readFileSync('pages/' + name, 'utf8')).sort().join(' ')
const extend = (app) => app.get('/seen', async () => [process.env.WORD, process.env.OTHER, text].join(', '))
start({ Fastify, graceful, extend })
`
const BROKEN = 'const x = ;'
const HELD = /^server \d+ .*; the next one starts when a file changes$/

const FILES = {
  'main.cjs': MAIN,
  'part.cjs': BROKEN,
  'word.env': 'WORD=one',
  '.env': 'OTHER=two',
  'pages/a.html': 'three'
}

const SETTINGS = {
  launcher: ['--workers', '2', '--watch-path', 'pages'],
  execArgv: ['--env-file=word.env'],
  config: { options: { probation: 2 ** 30 } }
}

t.test('what keeps a server from starting, and what it reads without loading it; with two workers', async (t) => {
  const watched = await Watched.launch(t, FILES, SETTINGS)
  const { server } = watched
  const seen = () => askOnce(server.target(), '/seen')

  await t.test('a server that cannot boot is started when the code is repaired', async (t) => {
    t.match(await watched.line(), HELD)
    await server.said(/err: SyntaxError/)
    watched.save('part.cjs', '')
    t.match(await watched.line(), /^watching \d+ files?/)
    await server.event('started')
    t.match(await watched.line(), /^started in \d+ ms: part\.cjs$/)
    t.equal(await seen(), 'one, two, three')
  })

  await t.test('each worker gets what a file of the environment says now', async (t) => {
    const before = server.servers()
    watched.save('word.env', 'WORD=1')
    t.match(await watched.line(), /^reloaded in \d+ ms: word\.env$/)
    await untilLeft(server, [server.launcher, ...server.servers().filter((pid) => !before.includes(pid))])
    t.equal(server.servers().length, 2)
    t.equal(await seen(), '1, two, three')
    watched.save('.env', 'OTHER=2')
    t.match(await watched.line(), /^reloaded in \d+ ms: \.env$/)
    t.equal(await seen(), '1, 2, three')
  })

  await t.test('files of a named folder, and of a folder that is created in it', async (t) => {
    watched.save('pages/a.html', '3')
    t.match(await watched.line(), /^reloaded in \d+ ms: pages\/a\.html$/)
    await mkdir(server.release.path('pages/more/of'), { recursive: true })
    watched.save('pages/more/of/b.html', '4')
    t.match(await watched.line(), /^reloaded in \d+ ms: pages\/more\/of\/b\.html$/)
    t.equal(await seen(), '1, 2, 3 4')
  })

  await t.test('a launcher that reads nothing while the new code boots still learns why it failed', async (t) => {
    watched.save('part.cjs', BROKEN)
    const { child } = await server.event({
      what: 'child of the reload',
      test: ({ graceful, reason }) => graceful === 'reload-started' && reason === 'part.cjs changed'
    })
    server.signal('SIGSTOP', server.launcher)
    await untilTrue(server, 'end of the child', () => !isAlive(Number(child)))
    server.signal('SIGCONT', server.launcher)
    t.match(await watched.line(), /^not reloaded: part\.cjs$/)
    t.match(await watched.line(), /^the server keeps serving/)
    await server.said(/^err: fastify-graceful-reload: {3}SyntaxError: Unexpected token ';'$/)
    watched.save('part.cjs', '')
    t.match(await watched.line(), /^reloaded in \d+ ms: part\.cjs$/)
  })

  /** Kills the server that serves, while the code in the folder does not boot. */
  const lose = async () => {
    watched.save('part.cjs', BROKEN)
    t.match(await watched.line(), /^not reloaded: part\.cjs$/)
    t.match(await watched.line(), /^the server keeps serving/)
    await server.said(/^err: fastify-graceful-reload: {3}SyntaxError: Unexpected token ';'$/)
    t.equal(await seen(), '1, 2, 3 4')
    for (const pid of server.servers()) server.signal('SIGKILL', pid)
    t.match([await watched.line(), await watched.line()], [HELD, HELD])
  }

  await t.test('servers that die and cannot be started again: clients wait until the code is repaired', async (t) => {
    await lose()
    const connection = await HttpConnection.open(server.target())
    const answer = connection.request({ path: '/seen', headers: { connection: 'close' } })
    watched.save('part.cjs', '')
    t.match(await watched.line(), /^started in \d+ ms: part\.cjs$/)
    t.equal((await server.waitFor(answer, 'answer')).body, '1, 2, 3 4')
  })

  await t.test('a launcher that waits for a change can be stopped', async (t) => {
    await lose()
    server.signal('SIGINT', server.launcher)
    t.not((await server.exit).code, 0)
    await untilLeft(server, [])
    t.strictSame(watched.rest, [], 'no reload was one too many')
  })
})
