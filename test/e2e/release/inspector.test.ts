import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import t from 'tap'
import { freePort } from '../../support/free-port.js'
import type { Release } from '../../support/release.js'
import type { TestServer } from '../../support/server.js'
import { launchServer, startServer } from '../../support/start.js'

t.jobs = 3

const SCRIPT = `
const { execArgv, env } = process
require('./app.cjs').say('inspector', {
  execArgv,
  nodeOptions: env.NODE_OPTIONS,
  port: new URL(require('node:inspector').url() ?? 'ws://none:1').port
})
require('./server.cjs')
`

/** A long probation, so that the inspectors of parent and child are open side by side. */
const CONFIG = { options: { probation: 200 } }

const prepare = async (release: Release) => {
  await release.write('inspector.cjs', SCRIPT)
  return undefined
}

function found(server: TestServer, pid: number) {
  return server.eventOf(pid, 'inspector')
}

/** How the inspector may be asked for. */
const WAYS: Record<string, (port: number) => { execArgv?: string[]; env?: Record<string, string> }> = {
  '--inspect=0': () => ({ execArgv: ['--inspect=0'] }),
  '--inspect=<port>': (port) => ({ execArgv: [`--inspect=${port}`] }),
  '--inspect=<host>:<port>': (port) => ({ execArgv: [`--inspect=127.0.0.1:${port}`, '--no-deprecation'] }),
  '--inspect-port=<port> --inspect': (port) => ({ execArgv: [`--inspect-port=${port}`, '--inspect'] }),
  '--inspect-port <port> --inspect': (port) => ({ execArgv: ['--inspect-port', `${port}`, '--inspect'] }),
  'NODE_OPTIONS=--inspect=<port>': (port) => ({ env: { NODE_OPTIONS: `--inspect=${port} --no-deprecation` } })
}

for (const [way, settings] of Object.entries(WAYS)) {
  t.test(`${way}: every generation has its own inspector`, async (t) => {
    const server = await startServer(t, {
      config: CONFIG,
      script: 'inspector.cjs',
      prepare,
      ...settings(await freePort())
    })
    const first = await found(server, server.pid)
    const second = await found(server, await server.reload())
    const third = await found(server, await server.reload())
    t.equal(new Set([first.port, second.port, third.port]).size, 3)
    for (const { port } of [first, second, third]) t.ok(Number(port) > 1)
    t.strictSame(third.execArgv, second.execArgv, 'the options do not grow')
    t.equal(third.nodeOptions, first.nodeOptions)
    t.notMatch(server.output.toString(), /address already in use/)
  })
}

/** What a debugger says when it lets a program begin; as a client of RFC 6455, which masks what it sends. */
async function letBegin(url: URL): Promise<void> {
  const socket = connect(Number(url.port), url.hostname)
  const key = Buffer.alloc(16).toString('base64')
  const headers = `Host: ${url.host}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13`
  socket.write(`GET ${url.pathname} HTTP/1.1\r\n${headers}\r\nSec-WebSocket-Key: ${key}\r\n\r\n`)
  await said(socket, '\r\n\r\n')
  const text = JSON.stringify({ id: 1, method: 'Runtime.runIfWaitingForDebugger' })
  socket.write(Buffer.concat([Buffer.from([0x81, 0x80 | text.length, 0, 0, 0, 0]), Buffer.from(text)]))
  await said(socket, '"id":1')
  socket.destroy()
}

/** Waits for this text, in however many pieces it comes. */
async function said(socket: Socket, text: string): Promise<void> {
  let heard = ''
  while (!heard.includes(text)) heard += String((await once(socket, 'data'))[0])
}

/** Where a debugger finds the program; asks until the inspector is there. */
async function debuggerUrl(port: number, signal: AbortSignal): Promise<URL> {
  while (!signal.aborted) {
    const answer = await fetch(`http://127.0.0.1:${port}/json/list`).catch(() => undefined)
    const [target] = ((await answer?.json()) ?? []) as Array<{ webSocketDebuggerUrl: string }>
    if (target !== undefined) return new URL(target.webSocketDebuggerUrl)
  }
  throw new Error('no inspector')
}

const BREAKING: Record<string, (option: string) => { execArgv?: string[]; env?: Record<string, string> }> = {
  'in execArgv': (option) => ({ execArgv: [option] }),
  'in NODE_OPTIONS': (option) => ({ env: { NODE_OPTIONS: option } })
}

for (const [where, settings] of Object.entries(BREAKING)) {
  t.test(`--inspect-brk ${where}: the child does not wait for a debugger`, async (t) => {
    const port = await freePort()
    const server = await launchServer(t, {
      config: CONFIG,
      script: 'inspector.cjs',
      prepare,
      ...settings(`--inspect-brk=${port}`)
    })
    const over = new AbortController()
    t.teardown(() => over.abort())
    await letBegin(await server.waitFor(debuggerUrl(port, over.signal), 'inspector'))
    await server.serving(1)
    for (const generation of [2, 3]) {
      const child = await found(server, await server.reload())
      t.ok(Number(child.port) > 1, `generation ${generation}`)
      t.not(Number(child.port), port)
    }
  })
}

t.test('without an inspector there is none in the child', async (t) => {
  const server = await startServer(t, { config: CONFIG, script: 'inspector.cjs', prepare })
  t.match(await found(server, await server.reload()), { port: '1', execArgv: [] })
})
