import { readdir, readFile } from 'node:fs/promises'
import { extname } from 'node:path'
import Fastify from 'fastify'
import { guard, HEADERS } from './guard.mjs'
import { stream } from './stream.mjs'

const FOLDER = new URL('page/', import.meta.url)

const TYPES = {
  '.html': 'text/html; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.mjs': 'text/javascript; charset=utf-8',
  '.svg': 'image/svg+xml'
}

const BUTTONS = ['deploy', 'deploy-broken', 'crash']

/** The server of the page: its files, what happens, and the buttons. */
export async function createPageServer(view) {
  const app = Fastify({ forceCloseConnections: true })
  app.addHook('onRequest', guard)
  app.addHook('onRequest', async (_request, reply) => {
    reply.headers(HEADERS)
  })
  for (const name of await readdir(FOLDER)) await serveFile(app, name)
  app.get('/events', (_request, reply) => stream(view, reply))
  for (const button of BUTTONS) {
    app.post(`/${button}`, async (_request, reply) => reply.code(view.press(button) ? 202 : 409).send())
  }
  return app
}

async function serveFile(app, name) {
  const content = await readFile(new URL(name, FOLDER))
  const path = name === 'index.html' ? '/' : `/${name}`
  app.get(path, async (_request, reply) => reply.type(TYPES[extname(name)]).send(content))
}
