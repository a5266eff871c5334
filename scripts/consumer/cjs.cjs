// Run by scripts/check-package.mjs in a project that has nothing but the packed package and Fastify.
const assert = require('node:assert/strict')
const Fastify = require('fastify')
const graceful = require('fastify-graceful-reload')
const { graceful: named, default: byDefault } = require('fastify-graceful-reload')

assert.equal(typeof graceful, 'function')
assert.equal(named, graceful)
assert.equal(byDefault, graceful)

const app = Fastify()
app.register(graceful)
app
  .ready()
  .then(() => assert.equal(app.graceful.generation, 1))
  .then(() => app.close())
