import { createHash, timingSafeEqual } from 'node:crypto'
import Fastify from 'fastify'
import graceful from 'fastify-graceful-reload'

const { ADMIN_TOKEN, PORT = '3000' } = process.env
if (!ADMIN_TOKEN) throw new Error('ADMIN_TOKEN must be set: it is the password of POST /admin/reload')

// All hashes have the same length, so a comparison always takes the same time, whatever the client has sent.
const hash = (text) => createHash('sha256').update(text).digest()
const expected = hash(`Bearer ${ADMIN_TOKEN}`)

async function adminOnly(request, reply) {
  if (timingSafeEqual(hash(request.headers.authorization ?? ''), expected)) return
  reply.code(401).header('www-authenticate', 'Bearer')
  throw new Error('a bearer token is needed')
}

const app = Fastify({ logger: true })

app.register(graceful)

app.get('/', async () => ({ hello: 'world', generation: app.graceful.generation }))

// Answers once the new generation has outlived its probation. If the reload fails, the promise rejects with a coded
// error. Fastify answers with its statusCode: 502 if the new code did not boot, 504 if it took too long, and so on.
app.post('/admin/reload', { onRequest: adminOnly }, async () => app.gracefulReload({ reason: 'admin route' }))

await app.listen({ port: Number(PORT) })
