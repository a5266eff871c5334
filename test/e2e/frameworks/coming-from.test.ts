import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { readdirSync, readFileSync } from 'node:fs'
import { symlink, writeFile } from 'node:fs/promises'
import { availableParallelism } from 'node:os'
import { basename, join } from 'node:path'
import t, { type Test } from 'tap'
import { bare, ownEnvironment } from '../../support/bare.js'
import { Example } from '../../support/example.js'
import { Framework } from '../../support/frameworks.js'
import { within } from '../../support/limit.js'
import { type Line, Output } from '../../support/output.js'
import { runCommand } from '../../support/package-command.js'
import { diffsIn } from '../../support/page-diff.js'
import { PACKAGE_ROOT } from '../../support/release.js'
import { tempFolder } from '../../support/temp-folder.js'

// The programs of docs/coming-from.md, as they are before and after what the page says.

t.jobs = 3

const PACKAGES = ['@godaddy/terminus', 'fastify-graceful-shutdown', 'http-terminator', 'stoppable']
const framework = new Framework(
  'coming-from',
  ...['@godaddy/terminus@4', 'fastify-graceful-shutdown@5', 'http-terminator@3', 'stoppable@1']
)
const diffs = diffsIn(readFileSync(join(PACKAGE_ROOT, 'docs/coming-from.md'), 'utf8'))
const programs = diffs.filter(({ marker }) => marker?.startsWith('example/coming-from/'))
const env = { LAME_DUCK: '100' }

/** What each program prints itself when it is told to stop. */
const SAID: Readonly<Record<string, RegExp>> = {
  'close-with-grace.mjs': /^the database is closed$/,
  'fastify-graceful-shutdown.mjs': /^no new jobs: (reloaded|SIGTERM)$/,
  'terminus.mjs': /^the database is closed$/
}

const says = (pattern: RegExp | undefined) => (line: Line) => pattern?.test(line.msg ?? '') === true

const files = readdirSync(join(PACKAGE_ROOT, 'example/coming-from')).filter((name) => name !== 'README.md')

for (const file of files)
  t.test(`after: ${file} reloads, and stops`, async (t) => {
    t.ok(
      programs.some(({ marker }) => marker === `example/coming-from/${file}`),
      'the page shows it'
    )
    const example = await Example.start(t, `example/coming-from/${file}`, { env })
    const { pid } = example
    t.match(await (await example.ask('/')).json(), { hello: 'world', pid })
    await example.reload()
    t.match(await (await example.ask('/')).json(), { hello: 'world', pid: example.pid })
    if (file === 'terminus.mjs') t.equal((await example.ask('/health')).status, 200)
    const pids = [pid, example.pid]
    t.equal(await example.stop(), 0)
    if (SAID[file] !== undefined)
      t.strictSame(
        example.output.all(says(SAID[file])).map((line) => line.pid),
        pids
      )
    t.strictSame(example.output.all('warning'), [])
  })

t.test('after: server.mjs with the launcher and two workers', async (t) => {
  const control = join(await tempFolder(t), 'control.sock')
  const bin = join(PACKAGE_ROOT, 'dist/package/cli/bin.js')
  const launcher = [bin, '--workers', '2', '--control', control]
  const example = await Example.start(t, 'example/coming-from/server.mjs', { launcher })
  await example.event({ what: 'second worker', test: () => example.output.all('serving').length === 2 })
  const reloaded = await runCommand(['reload', '--control', control])
  t.equal(reloaded.code, 0, reloaded.stderr)
  t.match(reloaded.stdout, /generation 2/)
  t.equal((await runCommand(['stop', '--control', control])).code, 0)
  await example.gone
})

for (const { heading, marker = '', before } of programs) {
  if (heading === 'node:cluster') continue
  const signal = heading === 'pm2 reload' ? 'SIGINT' : 'SIGTERM'
  t.test(`before: ${heading}, stops on ${signal}`, { skip: framework.missing }, async (t) => {
    const program = await start(t, { 'server.mjs': before })
    t.match(await program.ask(), { hello: 'world', pid: program.pid })
    process.kill(program.pid, signal)
    const { code, signal: ending } = await program.end()
    if (heading === '@godaddy/terminus') {
      // It sends the signal once more, which ends the process before pino has written all.
      t.equal(ending, 'SIGTERM')
      return
    }
    t.equal(code, 0)
    const said = SAID[basename(marker)]
    if (said !== undefined) t.equal(program.output.all(says(said)).length, 1)
  })
}

t.test('before: node:cluster, replaces its workers on SIGHUP', { skip: framework.missing }, async (t) => {
  const [primary, , server] = diffs.filter(({ heading }) => heading === 'node:cluster')
  const program = await start(t, { 'primary.mjs': primary?.before ?? '', 'server.mjs': server?.before ?? '' })
  const workers = () => new Set(program.output.all(isListening).map(({ pid }) => pid))
  const count = availableParallelism()
  await program.output.event({ what: 'all workers', test: () => workers().size === count })
  process.kill(program.pid, 'SIGHUP')
  await program.output.event({ what: 'as many new workers', test: () => workers().size === 2 * count })
  t.ok(workers().has((await program.ask()).pid))
  process.kill(program.pid, 'SIGTERM')
  t.match(await program.end(), { code: 0 })
})

const isListening = ({ msg }: Line) => /^Server listening at http:/.test(msg ?? '')

/** Starts the first of the files, in a folder where it finds all packages, and waits until it listens. */
async function start(t: Test, files: Readonly<Record<string, string>>) {
  const folder = await tempFolder(t)
  const modules = join(folder, 'node_modules')
  await framework.provideTo(modules, ...PACKAGES)
  for (const name of ['fastify', 'close-with-grace'])
    await symlink(join(PACKAGE_ROOT, 'node_modules', name), join(modules, name))
  for (const [name, text] of Object.entries(files)) await writeFile(join(folder, name), text)
  const [script = ''] = Object.keys(files)
  const command = bare({ ...ownEnvironment(), ...env, PORT: '0' }, process.execPath, [script])
  const child = spawn(...command, { cwd: folder, stdio: ['ignore', 'pipe', 'pipe'] })
  t.teardown(() => child.kill('SIGKILL'))
  const output = new Output(child.stdout, child.stderr)
  const exit = once(child, 'exit').then(async ([code, signal]) => {
    await output.ended
    return { code, signal }
  })
  const { msg = '' } = await output.event(isListening)
  return {
    output,
    pid: child.pid as number,
    end: () => within(exit, `end of ${script}`, () => output.toString()),
    async ask(): Promise<{ pid: number }> {
      const response = await fetch(msg.slice(msg.indexOf('http:')), { headers: { connection: 'close' } })
      return (await response.json()) as { pid: number }
    }
  }
}
