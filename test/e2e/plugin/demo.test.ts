import { execFile } from 'node:child_process'
import { watch } from 'node:fs'
import { readdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { stripVTControlCharacters } from 'node:util'
import t, { type Test } from 'tap'
import { bare, ownEnvironment } from '../../support/bare.js'
import { deferred } from '../../support/deferred.js'
import { isAlive, pidsWithMarker, survivorsOf } from '../../support/fds.js'
import { freePort } from '../../support/free-port.js'
import { WAIT_LIMIT, within } from '../../support/limit.js'
import type { Printed } from '../../support/package-command.js'
import { HAS_TERMINAL, PseudoTerminal, visible } from '../../support/pseudo-terminal.js'
import { PACKAGE_ROOT } from '../../support/release.js'
import { parentOf } from '../../support/supervised.js'
import { tempFolder } from '../../support/temp-folder.js'

t.jobs = 3

const DEMO = join(PACKAGE_ROOT, 'example/demo.mjs')
const skip = !HAS_TERMINAL && 'no script of util-linux'
const CTRL_C = '\x03'

/** Replaces the build, because other tests use the files that a build would write again. */
async function fakeBuild(t: Test, script: string): Promise<{ folder: string; path: string }> {
  const folder = await tempFolder(t)
  await writeFile(join(folder, 'npm'), `#!/bin/sh\necho "$@" >'${folder}/called'\n${script}\n`, { mode: 0o755 })
  return { folder, path: `${folder}:${process.env.PATH}` }
}

/** A browser that writes the address it has to open into a file. `opened` is that address. */
async function fakeBrowser(t: Test): Promise<{ path: string; opened: Promise<string> }> {
  const folder = await tempFolder(t)
  const script = `#!/bin/sh\nprintf '%s' "$1" >'${folder}/opening'\nmv '${folder}/opening' '${folder}/opened'\n`
  await writeFile(join(folder, 'xdg-open'), script, { mode: 0o755 })
  const { promise, resolve } = deferred<void>()
  const watcher = watch(folder, (_event, name) => name === 'opened' && resolve())
  t.teardown(() => watcher.close())
  const opened = promise.then(() => readFile(join(folder, 'opened'), 'utf8'))
  return { path: `${folder}:${process.env.PATH}`, opened }
}

function runDemo(args: string[], env: Record<string, string> = {}): Promise<Printed> {
  const all = { ...ownEnvironment(), DEMO_QUICK: '1', NO_COLOR: '', FORCE_COLOR: '', ...env }
  return new Promise((resolve) => {
    execFile(...bare(all, process.execPath, [DEMO, ...args]), { timeout: WAIT_LIMIT }, (error, stdout, stderr) => {
      resolve({ code: error === null ? 0 : (error.code ?? error.signal ?? null), stdout, stderr })
    })
  })
}

/** @param option - of the demo */
function onTerminal(t: Test, option: string, env: Record<string, string>, columns: number): PseudoTerminal {
  const line = `exec "$NODE" '${DEMO}' ${option}`
  return new PseudoTerminal(t, [], { line, columns, env: { DEMO_QUICK: '1', ...env } })
}

t.test('in a pipe', async (t) => {
  const build = await fakeBuild(t, 'exit 0')
  const { code, stdout, stderr } = await runDemo([], { PATH: build.path })
  t.equal(code, 0, stdout + stderr)
  t.equal(stderr, '')
  t.match(stdout, /^Two servers .*\n.* 4 new releases: .*\n.*about 15 seconds\.\n\nbuilding the package .*\n/)
  t.equal(await readFile(join(build.folder, 'called'), 'utf8'), 'run --silent build\n')
  t.match(stdout, /^ *[\d.]+ s {2}reload +pid \d+ took over in \d+ ms, .*; 0 failed$/m)
  t.match(stdout, /reload +refused, GRACEFUL_ERR_CHILD_EXITED: pid \d+ serves on; 0 failed$/m)
  t.match(stdout, /reload +rolled back, GRACEFUL_ERR_ROLLED_BACK: pid \d+ serves again; 0 failed$/m)
  t.equal(stdout.match(/restart +down for [\d.]+ s.*; [1-9][\d,]* failed$/gm)?.length, 4, stdout)
  t.match(stdout, /^failed +[1-9][\d,]* +0$/m)
  t.match(stdout, /^ {2}keep-alive POST +[\d,]+ +0$/m)
  t.match(stdout, /^closed connections +[\d,]+ +0$/m)
  t.match(stdout, /^longest gap +[\d.]+ m?s +[\d.]+ m?s$/m)
  t.match(stdout, /\n\n0 of [\d,]+ requests failed in 4 reloads; the plain restarts lost [1-9][\d,]*\n$/)
  t.ok(!stdout.includes('\x1b'))
})

t.test('on a narrow terminal', { skip }, async (t) => {
  const build = await fakeBuild(t, 'exit 0')
  const columns = 40
  const terminal = onTerminal(t, '', { PATH: build.path }, columns)
  t.equal(await terminal.exit, 0, terminal.drawn)
  const drawn = terminal.drawn.replaceAll('␛', '\x1b')
  for (const line of stripVTControlCharacters(drawn).split(/[\r\n]+/)) t.ok(line.length <= columns, line)
  t.match(terminal.drawn, /\r␛\[2K␛\[2mbuilt the package in [\d.]+ s␛\[22m\r\n/)
  t.match(
    terminal.drawn,
    /␛\[2m *[\d.]+ s {2}failed: reload 0, restart [\d,]+␛\[22m\r␛\[2K/,
    'redrawn while it goes on'
  )
  t.match(terminal.drawn, /␛\[1m␛\[32m╭─+╮.*│ 0 of [\d,]+ requests failed in .*╰─+╯␛\[39m␛\[22m\r\n$/s)
})

t.test('a server that goes away', { skip }, async (t) => {
  const terminal = onTerminal(t, '--no-build', {}, 120)
  process.kill((await pidsOf(terminal))[0], 'SIGKILL')
  t.equal(await terminal.exit, 1, terminal.drawn)
  t.match(terminal.drawn, /␛\[31mFAILED: the server is gone/)
  t.match(terminal.drawn, /␛\[1m␛\[31m│ .* │␛\[39m␛\[22m\r\n.*╯␛\[39m␛\[22m\r\n$/)
})

t.test('a server that goes away in a reload', { skip }, async (t) => {
  const TMPDIR = await tempFolder(t)
  const terminal = onTerminal(t, '--no-build', { TMPDIR }, 120)
  const [reloaded] = await pidsOf(terminal)
  const hasChild = () => pidsWithMarker(TMPDIR).some((pid) => parentOf(pid) === reloaded)
  while (isAlive(reloaded) && !hasChild()) await pause(10)
  process.kill(reloaded, 'SIGKILL')
  t.equal(await terminal.exit, 1, terminal.drawn)
  t.match(terminal.drawn, /␛\[31mFAILED: the server is gone/)
})

t.test('Ctrl-C leaves nothing behind', { skip }, async (t) => {
  const TMPDIR = await tempFolder(t)
  const terminal = onTerminal(t, '--no-build', { TMPDIR }, 120)
  const pids = await pidsOf(terminal)
  terminal.type(CTRL_C)
  t.equal(await terminal.exit, 130, terminal.drawn)
  t.strictSame(await survivorsOf(() => pids.filter(isAlive)), [])
  t.strictSame(await readdir(TMPDIR), [])
})

t.test('a build that fails', async (t) => {
  const { path } = await fakeBuild(t, 'echo "lib/index.ts(1,1): error"; exit 2')
  const { code, stderr } = await runDemo([], { PATH: path })
  t.equal(code, 1)
  t.equal(stderr, 'lib/index.ts(1,1): error\nthe build has failed: npm run build\n')
})

t.test('options', async (t) => {
  const help = await runDemo(['--help'])
  t.match(help, { code: 0, stderr: '', stdout: /^usage: npm start -- \[options\]\n(.{0,79}\n)+$/ })
  t.strictSame(await runDemo(['--no-build', '-h']), help)
  const stderr = 'unknown option: --opne; see npm start -- --help\n'
  t.strictSame(await runDemo(['--opne']), { code: 2, stdout: '', stderr })
  for (const [args, says] of [
    [['--port', '8080'], '--port needs --open; see npm start -- --help\n'],
    [['--open', '--port=x'], '--port must be a number from 0 to 65535, and not "x"\n']
  ] as const)
    t.strictSame(await runDemo([...args]), { code: 2, stdout: '', stderr: says })
  const coloured = await runDemo(['--opne'], { FORCE_COLOR: '1' })
  t.match(visible(coloured.stderr), /^␛\[31munknown.*␛\[39m\n$/)
  if (!HAS_TERMINAL) return
  const terminal = onTerminal(t, '--opne', { NO_COLOR: '1' }, 80)
  t.equal(await terminal.exit, 2)
  t.equal(terminal.drawn, stderr.replace('\n', '\r\n'))
})

t.test('--open opens the live view in the browser', { skip }, async (t) => {
  const { path, opened } = await fakeBrowser(t)
  const port = await freePort()
  const options = `--open --no-build --port ${port} --probation=1000`
  const terminal = onTerminal(t, options, { PATH: path }, 80)
  await terminal.shows(new RegExp(`The live view is at http://127\\.0\\.0\\.1:${port} `))
  const url = await within(opened, 'address in the browser', () => terminal.drawn)
  t.equal(url, `http://127.0.0.1:${port}`)
  const page = await fetch(url, { headers: { connection: 'close' } })
  t.equal(page.status, 200)
  t.match(await page.text(), '<title>Who notices a deploy?</title>')
  terminal.type(CTRL_C)
  t.equal(await terminal.exit, 130, terminal.drawn)
})

t.test('the verdict', async (t) => {
  const { verdict } = await import(join(PACKAGE_ROOT, 'example/demo/verdict.mjs'))
  const restart = { failures: 321 }
  const lost = 'the plain restarts lost 321'
  for (const { failures = 0, closed = 0, problems = [], said, isGood = false } of [
    { said: ['0 of 1,234 requests failed in 2 reloads;', lost], isGood: true },
    { failures: 3, said: ['3 of 1,234 requests failed in 2 reloads;', lost] },
    { closed: 2, said: ['0 of 1,234 requests failed in 2 reloads, 2 connections were cut;', lost] },
    { problems: ['it hangs'], said: ['the demo has failed after 1,234 requests'] }
  ]) {
    const reload = { requests: 1234, failures, closed }
    t.strictSame(verdict({ reload, restart, releases: [2, 3], problems }), { lines: said, isGood })
  }
})

/** Of the server that is reloaded, and of the other one. */
async function pidsOf(terminal: PseudoTerminal): Promise<[reloaded: number, restarted: number]> {
  const pattern = /pid (\d+) will be reloaded, pid (\d+) restarted/
  await terminal.shows(pattern)
  const [, reloaded, restarted] = pattern.exec(terminal.drawn) ?? []
  return [Number(reloaded), Number(restarted)]
}
