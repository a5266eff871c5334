import { symlink } from 'node:fs/promises'
import { join } from 'node:path'
import { PACKAGE_ROOT, type Release } from './release.js'
import type { TestServer } from './server.js'
import { launchServer, type Owner, type ServerSettings } from './start.js'

/** A server of a few lines, which make `app`. It has the routes and commands of the fixture servers, and any logger. */
export interface Script {
  /** JavaScript that ends with the app, such as `Fastify({ logger: true })`. */
  app: string
  /** What comes before `app.listen`. */
  before?: string
  /** Packages to link. */
  packages?: string[]
}

/** Starts it, and waits until it serves: without a logger, no line says so. */
export async function startScript(t: Owner, script: Script, settings: ServerSettings = {}): Promise<TestServer> {
  const prepare = async (release: Release) => {
    for (const name of script.packages ?? [])
      await symlink(join(PACKAGE_ROOT, 'node_modules', name), release.path(join('node_modules', name)))
    await release.write('server.cjs', textOf(script))
    return undefined
  }
  const server = await launchServer(t, { ...settings, prepare })
  await server.event('started')
  return server
}

function textOf({ app, before = '' }: Script): string {
  return `'use strict'
    const { adopt, say, gate } = require('./app.cjs')
    const Fastify = require('fastify')
    const graceful = require('fastify-graceful-reload')
    const app = ${app}
    adopt(app, graceful)
    ${before}
    app.listen({ port: 0, host: '127.0.0.1' })`
}
