// Run by scripts/check-package.mjs in a project that has nothing but the packed package and Fastify.
import assert from 'node:assert/strict'
import Fastify from 'fastify'
import * as names from 'fastify-graceful-reload'
import graceful, { graceful as named } from 'fastify-graceful-reload'

assert.equal(typeof graceful, 'function')
assert.equal(named, graceful)
// Node 23 and newer add 'module.exports' to the names of every CommonJS module.
assert.deepEqual(
  Object.keys(names).filter((name) => name !== 'module.exports'),
  ['default', 'graceful']
)

for (const plugin of [graceful, named]) {
  const app = Fastify()
  app.register(plugin, { drainTimeout: 1_000 })
  await app.ready()
  assert.equal(typeof app.gracefulReload, 'function')
  assert.equal(app.graceful.generation, 1)
  await app.close()
}

const misconfigured = Fastify()
misconfigured.register(graceful, { drainTimeut: 1_000 })
await assert.rejects(async () => misconfigured.ready(), { code: 'GRACEFUL_ERR_INVALID_OPTION' })
