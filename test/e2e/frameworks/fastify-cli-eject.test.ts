import { existsSync } from 'node:fs'
import { copyFile, symlink } from 'node:fs/promises'
import { join } from 'node:path'
import t from 'tap'
import { HttpConnection } from '../../support/connection.js'
import { PACKAGE_ROOT } from '../../support/release.js'
import { startServer } from '../../support/start.js'

/** The server that fastify-cli writes. It closes the app on every signal, and gives that half a second. */
const TEMPLATE = join(PACKAGE_ROOT, 'node_modules/fastify-cli/templates/eject/server.js')
const options = existsSync(TEMPLATE) ? {} : { skip: 'fastify-cli is not installed' }

/** Answers when the template's time would have been over long ago. */
const APP = `'use strict'
const { adopt, say } = require('./app.cjs')
module.exports = async (app) => {
  adopt(app, require('fastify-graceful-reload'))
  app.get('/slow', async () => {
    say('in progress', {})
    await new Promise((resolve) => app.graceful.signal.addEventListener('abort', resolve))
    await new Promise((resolve) => setTimeout(resolve, 1500))
    return 'finished'
  })
}`

t.test(
  'the close-with-grace of the template of fastify-cli ends nothing that drainTimeout lets go on',
  options,
  async (t) => {
    const server = await startServer(t, {
      script: 'server.js',
      env: { PORT: '0' },
      prepare: async (release) => {
        await release.write('app.js', APP)
        await copyFile(TEMPLATE, release.path('server.js'))
        await symlink(
          join(PACKAGE_ROOT, 'node_modules/close-with-grace'),
          release.path('node_modules/close-with-grace')
        )
        return undefined
      }
    })
    const first = server.current
    await server.reload()
    t.not(server.current, first)
    const connection = await HttpConnection.open(server.target())
    const slow = connection.send({ path: '/slow' })
    await server.event('in progress')
    server.signal('SIGTERM')
    t.match(await slow.response, { status: 200, body: 'finished' })
    t.equal(await server.exitOf(server.current), 0)
    t.strictSame(server.events('warning'), [])
    t.strictSame(server.events('forced'), [])
  }
)
