import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { writeFile } from 'node:fs/promises'
import { createServer, type Socket } from 'node:net'
import { join } from 'node:path'
import t from 'tap'
import { bare, ownEnvironment } from '../../support/bare.js'
import { HttpConnection } from '../../support/connection.js'
import { startWithControl, statusAt } from '../../support/control-requests.js'
import { FOR_EVER } from '../../support/limit.js'
import { runCommand } from '../../support/package-command.js'
import { HAS_TERMINAL, PseudoTerminal, visible } from '../../support/pseudo-terminal.js'
import { PACKAGE_ROOT } from '../../support/release.js'
import { startServer } from '../../support/start.js'
import { tempFolder } from '../../support/temp-folder.js'
import { startWorkers } from '../../support/workers.js'

t.jobs = 2

const skip = !HAS_TERMINAL && 'no script of util-linux'
const [CTRL_C, CTRL_BACKSLASH, CTRL_Z] = ['\x03', '\x1c', '\x1a']
/** See lib/cli/screen.ts. */
const LEAVE = '␛[?25h␛[?7h␛[?1049l'

t.test('a reload is one line of a terminal, which is redrawn and fits', { skip }, async (t) => {
  const { server, control } = await startWithControl(t, { options: { probation: 300 } })
  const columns = 30
  const terminal = new PseudoTerminal(t, ['reload', '--control', control], { columns })
  t.equal(await terminal.exit, 0, terminal.drawn)
  const [line = '', ...result] = terminal.drawn.split('\r\n')
  const drawings = line.split('\r␛[2K')
  t.match(drawings[0], /^(.* )?$/, 'nothing before the first drawing')
  for (const drawing of drawings.slice(0, -1)) t.ok(drawing.length < columns, JSON.stringify(drawing))
  t.match(line, /booting.*handing over.*probation/s)
  t.ok(drawings.some((drawing) => drawing.endsWith('…')))
  t.match(drawings.at(-1), /^␛\[32mdone␛\[39m, after [\d.]+ m?s$/)
  t.match(result[0], /^␛\[2mreloaded *␛\[22m {2}␛\[32mgeneration 2, pid \d+␛\[39m$/)
  await server.exitOf(server.pid)

  // Colours and redrawing are two things.
  const env = { NO_COLOR: '1' }
  const uncoloured = new PseudoTerminal(t, ['reload', '--control', control], { env })
  t.equal(await uncoloured.exit, 0)
  t.match(uncoloured.drawn, /\r␛\[2Kdone, after/)
  t.notMatch(uncoloured.drawn, /␛\[\d*m/)
  const dumb = new PseudoTerminal(t, ['reload', '--control', control], { env: { TERM: 'dumb' } })
  t.equal(await dumb.exit, 0)
  t.match(dumb.drawn, /^booting, child \d+\r\n.*reloaded +generation 4/ms)
  t.notMatch(dumb.drawn, /␛/)
})

t.test('a reload that fails', { skip }, async (t) => {
  const { server, control } = await startWithControl(t)
  await server.release.configure({ boot: 'throw' })
  const terminal = new PseudoTerminal(t, ['reload', '--control', control])
  t.equal(await terminal.exit, 1)
  t.match(terminal.drawn, /\r␛\[2K␛\[31mfailed␛\[39m, after .*s\r\nfastify-graceful-reload: ␛\[31mthe child/)
})

t.test('a check, more workers, fewer, and a stop', { skip }, async (t) => {
  const control = join(await tempFolder(t), 'control.sock')
  const server = await startServer(t, { launcher: ['--control', control] })
  const ask = async (...args: string[]) => {
    const terminal = new PseudoTerminal(t, [...args, '--control', control])
    t.equal(await terminal.exit, 0, terminal.drawn)
    return terminal.drawn
  }
  t.match(
    await ask('check'),
    /\r␛\[2K.*booting.*␛\[32mdone␛\[39m, after .*s\r\n.*passed.*generation 2 could take over/s
  )
  t.match(await ask('scale', '+1'), /\r␛\[2K.*␛\[32mdone␛\[39m, after .*s\r\n.*workers.*2.*before.*1/s)
  t.match(await ask('scale', '-1'), /␛\[32mdone␛\[39m, after .*s\r\n.*workers.*1.*before.*2/s)
  t.match(await ask('stop'), new RegExp(`stopping.*pid ${server.launcher}`, 's'))
  await server.waitFor(server.gone, 'end of the service')
})

t.test('a check and more workers that fail', { skip }, async (t) => {
  const control = join(await tempFolder(t), 'control.sock')
  const server = await startServer(t, { launcher: ['--control', control] })
  await server.release.configure({ boot: 'throw' })
  for (const [args, said] of [
    [['check'], /the child exited with code 1 before it was ready: this release cannot boot/],
    [['scale', '+1'], /GRACEFUL_ERR_SCALE/]
  ] as const) {
    const terminal = new PseudoTerminal(t, [...args, '--control', control])
    t.equal(await terminal.exit, 1, terminal.drawn)
    t.match(terminal.drawn, /\r␛\[2K␛\[31mfailed␛\[39m, after .*s\r\nfastify-graceful-reload: ␛\[31m/)
    t.match(terminal.drawn, said)
  }
  const one = new PseudoTerminal(t, ['scale', '-1', '--control', control])
  t.equal(await one.exit, 1)
  t.match(one.drawn, /GRACEFUL_ERR_WORKER_COUNT/)
})

/** A server in one file, which needs no fixture. */
const SERVER = `
  const graceful = require(${JSON.stringify(PACKAGE_ROOT)})
  const app = require(${JSON.stringify(join(PACKAGE_ROOT, 'node_modules/fastify'))})()
  app.register(graceful, { probation: 0 })
  app.listen({ host: '127.0.0.1', port: 0 }).then(() => console.log('generation ' + app.graceful.generation))
`

t.test('a start, and one that watches, with the error on the screen', { skip }, async (t) => {
  const script = join(await tempFolder(t), 'server.js')
  await writeFile(script, SERVER)
  const plain = new PseudoTerminal(t, [script])
  await plain.shows(/generation 1/)
  plain.type(CTRL_C)
  t.equal(await plain.exit, 0, plain.drawn)

  const broken = join(await tempFolder(t), 'broken.js')
  await writeFile(broken, "throw new Error('no database')\n")
  const failing = new PseudoTerminal(t, [broken])
  t.equal(await failing.exit, 1)
  t.match(failing.drawn, /Error: no database/)

  const watching = new PseudoTerminal(t, ['--watch', script])
  await watching.shows(/generation 1/)
  await writeFile(script, 'const = 1\n')
  await watching.shows(/not reloaded.*SyntaxError: Unexpected token '='/s)
  await writeFile(script, SERVER)
  await watching.shows(/generation 2/)
  await watching.shows(/: reloaded in \d+ ms: \S*server\.js/)
  watching.type(CTRL_C)
  t.equal(await watching.exit, 0, watching.drawn)
})

t.test('Ctrl-C says that the reload goes on, and it does', { skip }, async (t) => {
  const { server, control } = await startWithControl(t, { options: { probation: 0 } })
  await server.release.configure({ boot: 'wait' })
  const terminal = new PseudoTerminal(t, ['reload', '--control', control])
  await terminal.shows(/booting/)
  terminal.type(CTRL_C)
  t.equal(await terminal.exit, 130, terminal.drawn)
  t.match(terminal.drawn, /\r␛\[2Kfastify-graceful-reload: the reload goes on: see fastify-graceful-reload status\r\n/)
  await server.release.write('go', '')
  const second = await server.serving(2)
  t.equal(await server.exitOf(server.pid), 0)
  t.match(await statusAt(control), { pid: second })
})

t.test('status --watch on a terminal', { skip }, async (t) => {
  const { server, control } = await startWithControl(t, { options: { probation: 0 } })
  const terminal = new PseudoTerminal(t, ['status', '--watch', '--control', control, '--timeout', '1000'])
  await terminal.shows(/serving/)
  t.ok(terminal.drawn.includes('␛[?1049h␛[?7l␛[?25l␛[H'))
  const sizeless = new PseudoTerminal(t, ['status', '--watch', '--control', control], { columns: 0 })
  await sizeless.shows(/serving/)
  sizeless.type(CTRL_C)
  t.equal(await sizeless.exit, 0)
  const second = await server.reload()
  await terminal.shows(new RegExp(`pid.*${second}.*generation 2 succeeded`, 's'))
  process.kill(second, 'SIGKILL')
  await terminal.shows(new RegExp(`no answer, trying again: .*pid[^\\n]*${second}`, 's'))
  terminal.type(CTRL_C)
  t.equal(await terminal.exit, 0)
  t.ok(terminal.drawn.replace('^C', '').endsWith(LEAVE), JSON.stringify(terminal.drawn.slice(-40)))
})

t.test('status --watch ends at once while nobody answers', { skip }, async (t) => {
  const path = join(await tempFolder(t), 'control.sock')
  const clients = new Set<Socket>()
  const silent = createServer((client) => clients.add(client)).listen(path)
  t.teardown(() => {
    silent.close()
    for (const client of clients) client.destroy()
  })
  await once(silent, 'listening')
  const args = ['status', '--watch', '--control', path, '--timeout', String(FOR_EVER)]
  const asked = async () => {
    const [client] = (await once(silent, 'connection')) as [Socket]
    await once(client, 'data')
  }
  for (const key of [CTRL_C, CTRL_BACKSLASH]) {
    const terminal = new PseudoTerminal(t, args)
    await asked()
    terminal.type(key)
    t.equal(await terminal.exit, 0, terminal.drawn)
    t.match(terminal.drawn, /␛\[\?25h␛\[\?7h␛\[\?1049l(\^[C\\])?$/)
  }
  const line = `echo pid $$; eval exec '"$NODE"' '"$COMMAND"' $ARGUMENTS`
  const closed = new PseudoTerminal(t, args, { line })
  await asked()
  process.kill(Number(/pid (\d+)/.exec(closed.drawn)?.[1]), 'SIGHUP')
  t.equal(await closed.exit, 0, closed.drawn)
  t.ok(closed.drawn.endsWith(LEAVE), closed.drawn)
})

t.test('status --watch leaves the screen to the shell while it is stopped', { skip }, async (t) => {
  const { control } = await startWithControl(t)
  const args = ['status', '--watch', '--control', control]
  const line = `set -m; eval '"$NODE"' '"$COMMAND"' $ARGUMENTS; echo "status $?"; fg; echo "status $?"`
  const terminal = new PseudoTerminal(t, args, { line })
  await terminal.shows(/serving/)
  terminal.type(CTRL_Z)
  await terminal.shows(/␛\[\?1049l.*status 148\r\n.*␛\[\?1049h␛\[\?7l␛\[\?25l␛\[H.*serving/s)
  terminal.type(CTRL_C)
  t.equal(await terminal.exit, 0)
  t.match(terminal.drawn, /␛\[\?1049l(\^C)?status 0\r\n$/)

  // Without a shell that could continue it, the system does not stop it.
  const alone = new PseudoTerminal(t, args)
  await alone.shows(/serving/)
  alone.type(CTRL_Z)
  await alone.shows(/␛\[\?1049l.*␛\[\?1049h.*serving/s)
  alone.type(CTRL_C)
  t.equal(await alone.exit, 0)
})

t.test('status --watch on a terminal with 24 rows', { skip }, async (t) => {
  const control = join(await tempFolder(t), 'control.sock')
  const options = { probation: 50, drainTimeout: 60_000, reloadDrainTimeout: 60_000 }
  const workers = await startWorkers(t, {
    count: 2,
    env: { FASTIFY_GRACEFUL_CONTROL: control },
    config: { options }
  })
  const client = await HttpConnection.open(workers.server.target())
  const answer = client.request({ path: '/hold/report' })
  const { pid: holder } = await workers.server.event(({ fixture, name }) => fixture === 'held' && name === 'report')
  t.equal((await runCommand(['reload', '--control', control])).code, 0)
  const terminal = new PseudoTerminal(t, ['status', '--watch', '--control', control], { rows: 24 })
  await terminal.shows(new RegExp(`draining.*pid ${holder}.*more lines[^\\n]*␛\\[J`, 's'))
  terminal.type(CTRL_C)
  t.equal(await terminal.exit, 0)
  const [frame = ''] = [...terminal.drawn.matchAll(/␛\[H((?:(?!␛\[H).)*)␛\[J/gs)].map(([, drawn]) => drawn).slice(-1)
  const lines = frame.replaceAll(/␛\[\d*[mK]/g, '').split('\r\n')
  t.ok(lines.length <= 24, `${lines.length} lines`)
  for (const pattern of [
    new RegExp(`^launcher +pid ${workers.launcher}`),
    ...[1, 2].map((number) => new RegExp(`^worker ${number} +generation 2, pid \\d+, \\d+ connections?: serving`)),
    /^reloads +1 succeeded/,
    /^last +generation 2 succeeded/,
    new RegExp(`^draining +generation 1, pid ${holder}, for`),
    /^requests +GET \/hold\/:name, for/,
    /^… \d+ more lines/
  ])
    t.ok(
      lines.some((line) => pattern.test(line)),
      `${pattern} in ${JSON.stringify(lines)}`
    )
  await workers.server.tell({ command: 'release', name: 'report' }, Number(holder))
  t.equal((await answer).status, 200)
})

t.test('status --watch ends when nobody reads its pipe any more', { skip: !existsSync('/bin/sh') }, async (t) => {
  const { control } = await startWithControl(t)
  const bin = join(PACKAGE_ROOT, 'dist/package/cli/bin.js')
  const line = '{ "$0" "$1" status --watch --json --control "$2"; echo "exit code $?" >&2; } | head -n 1'
  const command = bare(ownEnvironment(), '/bin/sh', ['-c', line, process.execPath, bin, control])
  const pipeline = spawn(...command, { stdio: ['ignore', 'pipe', 'pipe'] })
  let [told, said] = ['', '']
  pipeline.stdout.on('data', (chunk) => {
    told += chunk
  })
  pipeline.stderr.on('data', (chunk) => {
    said += chunk
  })
  await once(pipeline, 'close')
  t.match(JSON.parse(told), { version: 2 })
  t.equal(said, 'exit code 0\n')
})

t.test('status --watch in a pipe tells what has changed', async (t) => {
  const { server, control } = await startWithControl(t, { options: { probation: 0 } })
  const bin = join(PACKAGE_ROOT, 'dist/package/cli/bin.js')
  const args = [bin, 'status', '--watch', '--json', '--control', control, '--timeout', '1000']
  const begun = performance.now()
  const watching = spawn(...bare(ownEnvironment(), process.execPath, args), { stdio: ['ignore', 'pipe', 'inherit'] })
  t.teardown(() => watching.kill('SIGKILL'))
  let told = ''
  watching.stdout.on('data', (chunk) => {
    told += chunk
  })
  const until = async (pattern: RegExp) => {
    while (!pattern.test(told)) await once(watching.stdout, 'data')
  }
  await until(/"generation":1/)
  const second = await server.reload()
  await until(/"generation":2/)
  process.kill(second, 'SIGKILL')
  await until(/"error".*\n$/)
  watching.kill('SIGINT')
  t.strictSame(await once(watching, 'close'), [0, null])
  const minutes = (performance.now() - begun) / 60_000
  const lines = told.trimEnd().split('\n')
  t.match(JSON.parse(lines[0] ?? ''), { version: 2, workers: [{ generation: 1 }] })
  t.ok(lines.length <= 6 + 6 * minutes, 'not once a second')
})

t.test('colours', async (t) => {
  const { control } = await startWithControl(t)
  const args = ['status', '--control', control]
  for (const [env, isColoured] of [
    [{ FORCE_COLOR: '', NO_COLOR: '' }, false],
    [{ FORCE_COLOR: '1', NO_COLOR: '' }, true],
    [{ FORCE_COLOR: '1', NO_COLOR: '1' }, true],
    [{ FORCE_COLOR: '0', NO_COLOR: '' }, false]
  ] as const) {
    const stdout = visible((await runCommand(args, { env })).stdout)
    t.equal(stdout.includes('␛[32mserving␛[39m'), isColoured, JSON.stringify(env))
    t.equal(stdout.includes('␛'), isColoured)
  }
  if (!HAS_TERMINAL) return
  const terminal = new PseudoTerminal(t, args)
  await terminal.exit
  t.match(terminal.drawn, /␛\[32mserving␛\[39m/)
})
