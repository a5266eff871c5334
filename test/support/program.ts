import { symlink } from 'node:fs/promises'
import { basename, join } from 'node:path'
import type { Test } from 'tap'
import type { TestServer } from './server.js'
import { startServer } from './start.js'

interface ProgramSettings {
  /** Starts through the launcher, with these options of it. */
  launcher?: string[]
  /** What runs before the app is made. */
  before?: string
  /** A package to link. */
  link?: string
  execArgv?: string[]
  /** Milliseconds. Default: 100. */
  probation?: number
  /** Further options of the plugin, as in a literal. */
  options?: string
}

/** Starts a separate program, which has `app`, `greeter()` (a server that greets) and `say`. */
export function startProgram(t: Test, body: string, settings: ProgramSettings = {}): Promise<TestServer> {
  const { before = '', link = '', execArgv = [], launcher, probation = 100, options = '' } = settings
  const program = `'use strict'
    const net = require('node:net')
    const graceful = require('fastify-graceful-reload')
    const { say } = require('./app.cjs')
    process.on('exit', (code) => say('exit', { code }))
    let app
    const greeter = () => net.createServer((socket) => {
      socket.on('error', () => socket.destroy())
      socket.end(JSON.stringify({ pid: process.pid, generation: app?.graceful.generation }) + '\\n')
    })
    const here = (kind, server) => say('listening', { kind, index: 0, address: server.address() })
    async function main() {
      ${before}
      app = require('fastify')({ logger: true })
      app.register(graceful, { probation: ${probation}, ${options} })
      app.get('/', async () => ({ pid: process.pid, generation: app.graceful.generation }))
      ${body}
      say('started', {})
    }
    main()`
  return startServer(t, {
    execArgv,
    ...(launcher && { launcher }),
    prepare: async (release) => {
      await release.write('server.cjs', program)
      if (link !== '') await symlink(link, release.path(join('node_modules', basename(link))))
      return undefined
    }
  })
}
