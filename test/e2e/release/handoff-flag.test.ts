import { type ChildProcess, fork, type StdioOptions, spawn } from 'node:child_process'
import { createSocket } from 'node:dgram'
import { once } from 'node:events'
import { closeSync, openSync } from 'node:fs'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { type AddressInfo, connect, createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { PROTOCOL_VERSION } from '../../../lib/protocol/messages.js'
import { Output } from '../../support/output.js'
import { Release } from '../../support/release.js'

t.jobs = 3

/** Starts, or tells why not; then tries once more, as an app that takes the failure lightly. */
const APP = `
const say = (fixture, fields) => console.log(JSON.stringify({ fixture, pid: process.pid, ...fields }))
const start = async () => {
  const app = require('fastify')({ logger: true })
  app.register(require('fastify-graceful-reload'))
  await app.listen({ port: 0, host: '127.0.0.1' })
  say('listening', { flag: process.env.FASTIFY_GRACEFUL_RELOAD, generation: app.graceful.generation })
}
const refused = (fixture) => ({ code, message }) => {
  say(fixture, { code, message })
  return fixture === 'refused' ? start().catch(refused('refused again')) : process.disconnect?.()
}
start().catch(refused('refused'))
`
const CLUSTER = `
const cluster = require('node:cluster')
if (cluster.isPrimary) cluster.fork()
else require('./flag.cjs')
`

interface Inherited {
  /** From the fd 3 on. */
  fds?: number[]
  /** How the process is started. Default: as the child of a reload is, with a channel behind the fds. */
  begin?: (script: string, env: NodeJS.ProcessEnv, stdio: StdioOptions) => ChildProcess
}

/** Starts the app with a flag of the test's own making. */
async function startWith(t: Test, flag: unknown, { fds = [], begin }: Inherited = {}) {
  const folder = await mkdtemp(join(tmpdir(), 'graceful-'))
  const release = await Release.create(folder)
  await writeFile(release.path('flag.cjs'), APP)
  await writeFile(release.path('cluster.cjs'), CLUSTER)
  const env = {
    ...process.env,
    NODE_OPTIONS: '',
    FASTIFY_GRACEFUL_RELOAD: typeof flag === 'string' ? flag : JSON.stringify(flag)
  }
  const stdio: StdioOptions = ['ignore', 'pipe', 'pipe', ...fds, 'ipc']
  const start = begin ?? ((script) => spawn(process.execPath, [script], { env, stdio, serialization: 'advanced' }))
  const child = start(release.path('flag.cjs'), env, stdio)
  if (child.stdout === null || child.stderr === null) throw new Error('cannot spawn Node')
  const output = new Output(child.stdout, child.stderr)
  t.teardown(async () => {
    child.kill('SIGKILL')
    await output.ended
    await rm(folder, { recursive: true })
  })
  return { child, output, exit: once(child, 'exit') }
}

async function listen(t: Test) {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.teardown(() => server.close())
  return { server, fd: fdOf(server), address: addressOf(server.address() as AddressInfo) }
}

function addressOf({ family, address, port }: AddressInfo) {
  return { family, address, port }
}

/** What a parent does, too: there is no public name for it. */
function fdOf(owner: object): number {
  return (owner as { _handle: { fd: number } })._handle.fd
}

function flagOf(change: object, address: object = { family: 'IPv4', address: '127.0.0.1', port: 80 }) {
  const listeners = [{ fd: 3, key: 'tcp 127.0.0.1 0', address }]
  return { version: PROTOCOL_VERSION, parent: process.pid, generation: 2, secret: 'x', listeners, ...change }
}

const MALFORMED: Record<string, unknown> = {
  'no JSON': '{ oops',
  empty: '',
  'a number': '3',
  null: 'null',
  'of another version': flagOf({ version: PROTOCOL_VERSION - 1 }),
  'without version': flagOf({ version: undefined }),
  'without parent': flagOf({ parent: undefined }),
  'without generation': flagOf({ generation: undefined }),
  'of the first generation': flagOf({ generation: 1 }),
  'without a secret': flagOf({ secret: undefined }),
  'without listeners': flagOf({ listeners: [] }),
  'with an fd that is stdout': flagOf({ listeners: [{ fd: 1, key: 'tcp 127.0.0.1 0', address: { path: '/x' } }] }),
  'with an fd that is a string': flagOf({ listeners: [{ fd: '3', key: 'x', address: { path: '/x' } }] }),
  'with an fd twice': flagOf({ listeners: [3, 3].map((fd) => ({ fd, key: 'x', address: { path: '/x' } })) }),
  'without an address': flagOf({ listeners: [{ fd: 3, key: 'tcp 127.0.0.1 0' }] })
}

for (const [what, flag] of Object.entries(MALFORMED)) {
  t.test(`a flag that is ${what} is refused`, async (t) => {
    const { fd } = await listen(t)
    const { output, exit } = await startWith(t, flag, { fds: [fd] })
    t.match(await output.event('refused'), { code: 'GRACEFUL_ERR_BAD_HANDOFF' })
    t.match(await output.event('refused again'), { code: 'GRACEFUL_ERR_BAD_HANDOFF' })
    await Promise.all([exit, output.ended])
    t.strictSame(output.all('serving'), [])
  })
}

/** What may stand at the fd 3 in place of the listening socket, with the address that the flag names. */
const IMPOSTORS: Record<string, (t: Test) => Promise<{ fds: number[]; address?: object; at?: number }>> = {
  nothing: async () => ({ fds: [], at: 20 }),
  'the channel of a forked process': async () => ({ fds: [] }),
  'a file': async (t) => {
    const fd = openSync(__filename, 'r')
    t.teardown(() => closeSync(fd))
    return { fds: [fd] }
  },
  'a connected socket': async (t) => {
    const { server, address } = await listen(t)
    const socket = connect(address.port, address.address)
    const [accepted] = await once(server, 'connection')
    t.teardown(() => socket.destroy())
    t.teardown(() => accepted.destroy())
    return { fds: [fdOf(accepted)], address }
  },
  'a socket that listens elsewhere': async (t) => {
    const [one, other] = await Promise.all([listen(t), listen(t)])
    return { fds: [one.fd], address: other.address }
  },
  'a TCP socket in place of a unix socket': async (t) => ({
    fds: [(await listen(t)).fd],
    address: { path: '/x.sock' }
  }),
  'a UDP socket': async (t) => {
    const socket = createSocket('udp4').bind(0, '127.0.0.1')
    await once(socket, 'listening')
    t.teardown(() => void socket.close())
    // Its handle has another place.
    const state = Object.getOwnPropertySymbols(socket).find(({ description }) => description === 'state symbol')
    const { handle } = (socket as unknown as Record<symbol, { handle: { fd: number } }>)[state as symbol] as never
    return { fds: [(handle as { fd: number }).fd], address: addressOf(socket.address() as AddressInfo) }
  }
}

for (const [what, prepare] of Object.entries(IMPOSTORS)) {
  t.test(`${what} where the flag promises a listening socket is refused`, async (t) => {
    const { fds, address, at = 3 } = await prepare(t)
    const flag = flagOf({}, address)
    for (const listener of flag.listeners) listener.fd = at
    const { output, exit } = await startWith(t, flag, { fds })
    t.match(await output.event('refused'), { code: 'GRACEFUL_ERR_BAD_HANDOFF', message: /file descriptor \d+ / })
    await Promise.all([exit, output.ended])
    t.strictSame(output.all('serving'), [])
  })
}

t.test('a flag that is as a parent makes it is accepted', async (t) => {
  const { fd, address } = await listen(t)
  const { child, output } = await startWith(t, flagOf({ generation: 7 }, address), { fds: [fd] })
  child.on('message', (message) => output.lines.push({ pid: 0, ...(message as object) }))
  t.match(await output.event('listening'), { generation: 7, flag: undefined })
  t.match(await output.event('adopted'), { address: `127.0.0.1:${address.port}` })
})

type Begin = NonNullable<Inherited['begin']>

const STRANGERS: Record<string, { flag: object; begin?: Begin }> = {
  'of another parent': { flag: { parent: process.ppid } },
  'for a process without a channel': {
    flag: {},
    begin: (script, env) => spawn(process.execPath, [script], { env, stdio: ['ignore', 'pipe', 'pipe'] })
  },
  'of the primary of a worker': {
    flag: {},
    begin: (script, env, stdio) => spawn(process.execPath, [join(script, '../cluster.cjs')], { env, stdio })
  },
  'of the parent of a forked process': {
    flag: { parent: process.ppid },
    begin: (script, env) => fork(script, { env, execArgv: [], stdio: ['ignore', 'pipe', 'pipe', 'ipc'] })
  }
}

for (const [whose, { flag, begin }] of Object.entries(STRANGERS)) {
  t.test(`a flag ${whose} is ignored with a warning`, async (t) => {
    const { fd, address } = await listen(t)
    const { output } = await startWith(t, flagOf(flag, address), { fds: [fd], ...(begin && { begin }) })
    t.match(await output.event('listening'), { generation: 1, flag: undefined })
    t.match(await output.event('warning'), { warning: /FASTIFY_GRACEFUL_RELOAD .* another process/ })
    t.strictSame(output.all('adopted'), [])
  })
}
