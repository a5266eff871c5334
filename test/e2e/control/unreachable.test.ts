import { chmodSync, cpSync, mkdirSync, writeFileSync } from 'node:fs'
import { createServer, type Socket } from 'node:net'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import * as errors from '../../../lib/control/errors.js'
import { startWithControl, statusAt } from '../../support/control-requests.js'
import { type CommandSettings, runCommand } from '../../support/package-command.js'
import { missing } from '../../support/programs.js'
import { PACKAGE_ROOT } from '../../support/release.js'
import { tempFolder } from '../../support/temp-folder.js'

/** Other tests show these: path, clients; the last four: scale. */
const provoked = new Set(
  'CONTROL_SOCKET BAD_REQUEST UNKNOWN_PATH BAD_METHOD SLOW_REQUEST LONG_REQUEST BUSY SCALE NO_WORKERS WORKER_COUNT STOPPING'
    .split(' ')
    .map((name) => `GRACEFUL_ERR_${name}`)
)

/** How long the commands wait, without an answer and with one. Milliseconds. */
const [SHORT, LONG] = [1_000, 15_000]

/** Runs the commands and checks what they say, to people and to programs. */
async function fails(t: Test, path: string, code: string, message: RegExp, settings: CommandSettings = {}) {
  provoked.add(code)
  const timeout = String(code === 'GRACEFUL_ERR_NO_ANSWER' ? SHORT : LONG)
  for (const command of ['reload', 'status', 'stop']) {
    const args = [command, '--control', path, '--timeout', timeout]
    const { code: exit, stdout, stderr } = await runCommand(args, settings)
    t.match({ exit, stdout }, { exit: 1, stdout: '' }, `${command}: ${stderr}`)
    t.match(stderr, message)
    t.ok(stderr.endsWith(`\ncode  ${code}\n`), stderr)
  }
  const json = await runCommand(['status', '--json', '--control', path, '--timeout', timeout], settings)
  t.match(json, { code: 1, stderr: '' })
  t.match(JSON.parse(json.stdout), { error: { code, message } })
}

t.test('no such socket, and a file that is not a socket', async (t) => {
  const folder = await tempFolder(t)
  const file = join(folder, 'file')
  writeFileSync(file, '')
  await fails(
    t,
    join(folder, 'none'),
    'GRACEFUL_ERR_UNREACHABLE',
    /none: there is no such socket \(does the server run.* begins\): connect ENOENT/
  )
  for (const path of [file, folder]) await fails(t, path, 'GRACEFUL_ERR_UNREACHABLE', /: it is no socket/)
  await fails(
    t,
    join(folder, 'x'.repeat(200)),
    'GRACEFUL_ERR_UNREACHABLE',
    /x: the path is longer than the system allows/
  )
})

t.test('a socket that a crash has left behind', async (t) => {
  const { server, control } = await startWithControl(t)
  server.signal('SIGKILL')
  await server.gone
  await fails(
    t,
    control,
    'GRACEFUL_ERR_UNREACHABLE',
    /no process accepts; a server that crashed left the socket behind/
  )
})

const isRoot = process.getuid?.() === 0

t.test('another user', { skip: isRoot && missing('setpriv') }, async (t) => {
  const { server, control } = await startWithControl(t)
  // The mode of the socket is all that is in the way; and the command needs nothing but these files.
  const folder = await tempFolder(t)
  for (const path of [join(control, '..'), folder]) chmodSync(path, 0o755)
  mkdirSync(join(folder, 'node_modules'))
  for (const path of ['dist/package', 'package.json', 'node_modules/@fastify/error'])
    cpSync(join(PACKAGE_ROOT, path), join(folder, path), { recursive: true, dereference: true })
  const prefix = isRoot ? ['setpriv', '--reuid=65534', '--clear-groups', '--'] : []
  if (!isRoot) chmodSync(control, 0)
  const other = { prefix, root: folder }
  const works = await runCommand(['--version'], other)
  if (works.code !== 0) return t.plan(0, `the other user cannot run this Node: ${works.stderr}`)
  await fails(
    t,
    control,
    'GRACEFUL_ERR_UNREACHABLE',
    /permission denied; only the user of the server and the members of its group .* can connect/,
    other
  )
  chmodSync(control, 0o600)
  t.match(await statusAt(control), { pid: server.pid, generation: 1, phase: 'serving' })
})

/** Listens on a unix socket, as something that is no server with this plugin. */
async function serve(t: Test, onConnection: (socket: Socket) => void): Promise<string> {
  const path = join(await tempFolder(t), 'socket')
  const sockets = new Set<Socket>()
  const server = createServer((socket) => {
    sockets.add(socket.on('error', () => {}))
    onConnection(socket)
  })
  await new Promise<void>((resolve) => server.listen(path, resolve))
  t.teardown(() => {
    server.close()
    for (const socket of sockets) socket.destroy()
  })
  return path
}

t.test('who never answers', async (t) => {
  const path = await serve(t, () => {})
  await fails(t, path, 'GRACEFUL_ERR_NO_ANSWER', /the process at .* did not answer within 1000 ms/)
  const { stderr } = await runCommand(['reload', '--control', path, '--timeout', '2000'])
  t.match(stderr, /within 2000 ms; whether it reloads is unknown, see its status/)
  t.notMatch(stderr, /seconds/)
  const short = await runCommand(['reload', '--control', path, '--timeout', '30'])
  t.match(
    short.stderr,
    /^fastify-graceful-reload: --timeout is 30 milliseconds; if seconds are meant, it must be 30000\n/
  )
})

t.test('who hangs up', async (t) => {
  for (const hangUp of [
    (socket: Socket) => socket.end(),
    (socket: Socket) => socket.once('data', () => socket.destroy())
  ])
    await fails(t, await serve(t, hangUp), 'GRACEFUL_ERR_CONNECTION_LOST', /was lost before the answer/)
})

const HEAD = 'HTTP/1.1 200 OK\r\n\r\n'

t.test('who has begun to answer, and is not at the end in time', async (t) => {
  const path = await serve(t, (socket) => socket.write(`${HEAD}{"version":2,"event":"progress","step":"booting"}\n`))
  for (const [command, work] of [
    [['reload'], 'the reload'],
    [['check'], 'the check'],
    [['scale', '+1'], 'the change of the number of workers']
  ] as const) {
    const { code, stderr } = await runCommand([...command, '--control', path, '--timeout', String(SHORT)])
    t.equal(code, 1)
    t.match(stderr, `: ${work} is still in progress after 1000 ms\ncode  GRACEFUL_ERR_NOT_OVER\n`)
  }
  provoked.add('GRACEFUL_ERR_NOT_OVER')
})

t.test('a process that speaks another version', async (t) => {
  for (const [answer, version] of [
    ['{"fastifyGracefulControl":1,"error":{"code":"GRACEFUL_ERR_BAD_REQUEST","message":"no request"}}\n', 1],
    [`${HEAD}{"version":3,"error":{"code":"X","message":"no"}}\n`, 3]
  ] as const) {
    const said = new RegExp(
      `speaks version ${version} of the control interface, and this command version 2: use the command`
    )
    await fails(t, await serve(t, (socket) => socket.end(answer)), 'GRACEFUL_ERR_CONTROL_VERSION', said)
  }
})

t.test('who answers something else', async (t) => {
  for (const [answer, received] of [
    ['HTTP/1.1 400 Bad Request\r\n\r\n', /it answered "HTTP\/1\.1 400 Bad Request\\r"/],
    [`${HEAD}Not found`, /with fastify-graceful-reload: it answered "Not found"/],
    [`${HEAD}{"status":"ok"}\n`, /it answered "\{/],
    [`${HEAD}[2]\n`, /it answered "\[2\]"/],
    ['SSH-2.0-OpenSSH_9.2p1\r\n', /it answered "SSH-2\.0-OpenSSH_9\.2p1\\r"/],
    [`${HEAD}${'x'.repeat(5 * 1024 * 1024)}`, /it answered a line of more than 4194304 characters/]
  ] as const)
    await fails(t, await serve(t, (socket) => socket.end(answer)), 'GRACEFUL_ERR_BAD_ANSWER', received)
})

t.test('wrong usage', async (t) => {
  provoked.add('GRACEFUL_ERR_USAGE')
  for (const [args, message] of [
    [['reload'], /no control socket given: use --control <path> or FASTIFY_GRACEFUL_CONTROL/],
    [['status', '--control', ''], /no control socket given/],
    [['status', '--control'], /--control needs a value/],
    [['status', '--control', '--timeout', '5'], /--control needs a value/],
    [['status', '--json=x', '--control', 'x'], /--json takes no value, received x/],
    [['status', '--control', 'x', '--port', '3000'], /Unknown option '--port'/],
    [['status', '--control', 'x', '--reason', 'why'], /Unknown option '--reason'/],
    [['stop', '--control', 'x', '--progress'], /Unknown option '--progress'/],
    [['reload', '--control', 'x', '--no-progres'], /Unknown option '--no-progres'; did you mean --no-progress\?/],
    [['check', '--control', 'x', '--progress', '--no-progress'], /--progress and --no-progress exclude each other/],
    [['status', '--contrl', 'x'], /Unknown option '--contrl'; did you mean --control\?/],
    [['reload', 'now', '--control', 'x'], /Unexpected argument 'now'/],
    [
      ['reload', '--control', 'x', '--timeout', '0'],
      /--timeout must be a whole number of milliseconds from 1.*received 0/
    ],
    [['reload', '--control', 'x', '--timeout', '5s'], /received 5s/]
  ] as const) {
    const told = await runCommand([...args])
    t.match(told, { code: 2, stdout: '', stderr: message }, args.join(' '))
    t.match(told.stderr, /^fastify-graceful-reload: .*(\?|; see fastify-graceful-reload \w+ --help)\n$/, 'one line')
    const json = await runCommand([...args, '--json'])
    if (json.stderr === '') t.match(JSON.parse(json.stdout), { error: { code: 'GRACEFUL_ERR_USAGE', message } })
    t.equal(json.code, 2)
  }
})

t.test('every code has been provoked', async (t) => {
  const codes = Object.values(errors).map(
    (ErrorClass) => new (ErrorClass as unknown as new () => { code: string })().code
  )
  t.strictSame([...provoked].sort(), codes.sort())
})
