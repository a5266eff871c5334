import { rename, rm, utimes, writeFile } from 'node:fs/promises'
import t from 'tap'
import { HttpConnection } from '../../support/connection.js'
import { Page, Watched } from '../../support/watched.js'
import { WebSocketClient } from '../../support/websocket.js'

const MAIN = `
import { createRequire } from 'node:module'
import Fastify from 'fastify'
import websocket from '@fastify/websocket'
import graceful from 'fastify-graceful-reload'
import { word } from './words/word.mjs'
const { start } = createRequire(import.meta.url)('./app.cjs')
const extend = (app) => {
  app.register(websocket)
  app.register(async (scope) => {
    scope.get('/ws', { websocket: true, config: { graceful: { move: true } } }, (socket) => {
      socket.on('message', () => socket.send(word))
    })
    scope.get('/word', async () => word)
  })
}
await start({ Fastify, graceful, extend })
`
const word = (text: string) => `export { word } from './deep/text.mjs'; export const other = '${text}'`
const text = (word: string) => `export const word = '${word}'\n`

t.test('an app on which somebody works, under a page that never waits for it', async (t) => {
  const files = {
    'main.mjs': MAIN,
    'words/word.mjs': word(''),
    'words/deep/text.mjs': text('one'),
    'loose.mjs': '',
    'words/loose.mjs': ''
  }
  // With a probation of its own, no reload would end within the limits of this test.
  const watched = await Watched.launch(t, files, { config: { options: { probation: 2 ** 30 } } })
  const { server } = watched
  const path = (name: string) => server.release.path(name)
  t.match(await watched.line(), /^watching \d+ files: a change reloads$/)
  await server.event('started')
  t.strictSame(
    server.events((line) => Number(line.level) > 30),
    [],
    'the probation of the only app is that of the process, although nothing waits for it here'
  )
  const target = server.target()
  const page = new Page(target, '/word')
  const connection = await HttpConnection.open(target)
  const socket = await WebSocketClient.open(target, '/ws')
  t.teardown(() => {
    connection.close()
    socket.socket.terminate()
  })
  const seen = async () => [(await connection.request({ path: '/word' })).body, await socket.ask('?')]

  await t.test('a file that is imported by an imported one', async (t) => {
    watched.save('words/deep/text.mjs', text('two'))
    t.match(await watched.line(), /^reloaded in \d+ ms: words\/deep\/text\.mjs$/)
    t.strictSame(await seen(), ['two', 'two'], 'the open connections stay')
  })

  await t.test('several files at once are one reload', async (t) => {
    // What they do while the launcher stands still, it hears at once.
    server.signal('SIGSTOP', server.launcher)
    watched.save('words/word.mjs', word('new'))
    watched.save('words/deep/text.mjs', text('twice'))
    watched.save('words/deep/text.mjs', text('three'))
    watched.save('main.mjs', `${MAIN}// new`)
    server.signal('SIGCONT', server.launcher)
    const line = await watched.line()
    for (const name of ['main.mjs', 'words/word.mjs', 'words/deep/text.mjs']) t.ok(line.includes(name), line)
    t.strictSame(await seen(), ['three', 'three'])
  })

  await t.test('a line that cannot be read: the old code serves on, until it is mended', async (t) => {
    watched.save('words/deep/text.mjs', 'export const word = ;')
    t.equal(await watched.line(), 'not reloaded: words/deep/text.mjs')
    t.match(await watched.line(), /^the server keeps serving the previous code/)
    await server.said(/err: SyntaxError/)
    await server.said(/fastify-graceful-reload: {3}SyntaxError/)
    t.strictSame(await seen(), ['three', 'three'])
    watched.save('words/deep/text.mjs', text('four'))
    t.match(await watched.line(), /^reloaded/)
  })

  await t.test('a throw at boot, and a file of which only the failed release knows', async (t) => {
    watched.save('words/deep/text.mjs', "import './thrower.mjs'; export const word = 'five'")
    t.match(await watched.line(), /^not reloaded/)
    await watched.line()
    watched.save('words/deep/thrower.mjs', "throw new Error('not yet')")
    t.equal(await watched.line(), 'not reloaded: words/deep/thrower.mjs', 'it had been missing')
    await watched.line()
    await server.said(/fastify-graceful-reload: {3}Error: not yet/)
    watched.save('words/deep/thrower.mjs', '')
    t.match(await watched.line(), /^reloaded in \d+ ms: words\/deep\/thrower\.mjs$/)
    t.strictSame(await seen(), ['five', 'five'])
  })

  await t.test('a file that is renamed into the place of another, as editors save', async (t) => {
    await writeFile(path('words/deep/.text.mjs.new'), text('six'))
    await rename(path('words/deep/.text.mjs.new'), path('words/deep/text.mjs'))
    t.match(await watched.line(), /^reloaded in \d+ ms: words\/deep\/text\.mjs$/)
    t.strictSame(await seen(), ['six', 'six'])
  })

  await t.test('a folder that is removed and created again', async (t) => {
    await rename(path('words'), path('elsewhere'))
    t.match(await watched.line(), /^not reloaded: words\//)
    await watched.line()
    t.strictSame(await seen(), ['six', 'six'])
    await rename(path('elsewhere'), path('words'))
    t.match(await watched.line(), /^reloaded/)
    await rm(path('words/deep/text.mjs'))
    t.equal(await watched.line(), 'not reloaded: words/deep/text.mjs')
    await watched.line()
    watched.save('words/deep/text.mjs', text('seven'))
    t.match(await watched.line(), /^reloaded/)
  })

  await t.test('files that were not loaded, are loaded no longer or are as they were mean nothing', async (t) => {
    watched.save('words/deep/thrower.mjs', 'of an earlier release')
    watched.save('words/loose.mjs', 'of none')
    watched.save('config.json', await server.release.read('config.json'))
    watched.save('words/word.mjs', word('new'))
    await utimes(path('main.mjs'), new Date(), new Date())
    watched.save('words/deep/text.mjs', text('eight'))
    t.match(await watched.line(), /^reloaded in \d+ ms: words\/deep\/text\.mjs$/)
  })

  await t.test('a save in the middle of a reload is one more, after it', async (t) => {
    await server.release.configure({ boot: 'wait' })
    watched.save('words/deep/text.mjs', text('nine'))
    await server.event('boot')
    watched.save('words/deep/text.mjs', text('ten'))
    watched.save('words/deep/text.mjs', text('eleven'))
    await server.release.write('go', '')
    t.match([await watched.line(), await watched.line()], [/^reloaded/, /^reloaded/])
    t.strictSame(await seen(), ['eleven', 'eleven'])
  })

  await page.close()
  t.strictSame(page.failures, [])
  t.ok(page.asked > 20, `${page.asked} requests`)
  t.notOk(connection.isClosed || socket.isClosed)
  t.equal(await server.stop('SIGINT'), 0)
  t.strictSame(watched.rest, [], 'no reload was one too many')
})
