import { readFile } from 'node:fs/promises'
import Fastify from 'fastify'
import graceful from 'fastify-graceful-reload'

const app = Fastify({ logger: true })

/** A file in the directory in which the server runs. */
const products = async () => JSON.parse(await readFile('products.json', 'utf8'))

app.register(graceful, {
  health: async () => {
    await products() // throws if the release cannot do its work; then the previous release serves again
  }
})

app.get('/', async () => ({ products: await products(), generation: app.graceful.generation }))

await app.listen({ port: Number(process.env.PORT ?? 3000) })
