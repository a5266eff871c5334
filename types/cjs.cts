// Compiled here against lib/, and by the package check against the published files. Never run.
import Fastify from 'fastify'
import byDefault, { type GracefulOptions, graceful as named, type ReloadResult } from 'fastify-graceful-reload'

import required = require('fastify-graceful-reload')

const app = Fastify()
const options: GracefulOptions = { drainTimeout: 20_000 }
const sameOptions: required.GracefulOptions = options
app.register(byDefault, options)
app.register(named, sameOptions)
app.register(required, options)
// @ts-expect-error a wrong value
app.register(byDefault, { drainTimeout: '20s' })
// @ts-expect-error a wrong value
app.register(named, { drainTimeout: '20s' })
// @ts-expect-error a wrong value
app.register(required, { drainTimeout: '20s' })

const result: Promise<ReloadResult> = app.gracefulReload()
result.then(({ generation }) => generation.toFixed())
