// Plain JavaScript whose editor checks it. Compiled here and by the package check, never run.
const graceful = require('fastify-graceful-reload')
const { graceful: named } = require('fastify-graceful-reload')
const app = require('fastify')()

app.register(graceful, { drainTimeout: 20_000 })
app.register(named, { drainTimeout: 20_000 })
// @ts-expect-error a wrong value
app.register(graceful, { drainTimeout: '20s' })
// @ts-expect-error a wrong value
app.register(named, { drainTimeout: '20s' })
app.graceful.hold('report')()
app.gracefulReload().then((result) => result.pid.toFixed())
