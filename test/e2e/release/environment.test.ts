import { copyFile, readlink, realpath, rename, symlink } from 'node:fs/promises'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { HAS_PROC } from '../../support/fds.js'
import type { Release } from '../../support/release.js'
import type { TestServer } from '../../support/server.js'
import { LAUNCHER, type ServerSettings, startServer, WAYS } from '../../support/start.js'

/** Prints its environment, then changes it as dotenv does, and in worse ways. */
const SCRIPT = `
const { readFileSync } = require('node:fs')
const { LOADED, GIVEN, MANY_LINES, ADDED, FROM_FILE, FROM_PRELOAD } = process.env
const found = { LOADED, GIVEN, MANY_LINES, ADDED, FROM_FILE, FROM_PRELOAD, title: process.title }
const { argv: [, script, ...args], execArgv } = process
require('./app.cjs').say('found', { ...found, args, execArgv, nodeOptions: process.env.NODE_OPTIONS })
process.env.LOADED ??= readFileSync(__dirname + '/loaded.env', 'utf8')
delete process.env.GIVEN
process.env.MANY_LINES = 'changed'
process.env.NODE_OPTIONS = '--title=changed'
require('./server.cjs')
process.argv.push('changed')
process.execArgv.push('--changed')
`

async function start(t: Test, settings: Omit<ServerSettings, 'prepare' | 'script'>): Promise<TestServer> {
  const prepare = async (release: Release) => {
    await release.write('environment.cjs', SCRIPT)
    await release.write('loaded.env', 'first value')
    await release.write('app.env', 'FROM_FILE=one')
    await release.write(
      'preload.cjs',
      "process.env.FROM_PRELOAD ??= require('node:fs').readFileSync('app.env', 'utf8')"
    )
    return undefined
  }
  const server = await startServer(t, { ...settings, script: 'environment.cjs', prepare })
  await server.release.configure({ options: { probation: 0 } })
  return server
}

/** What a process found when it was started. */
function found(server: TestServer, pid: number) {
  return server.eventOf(pid, 'found')
}

t.test('the environment of the child is the one of the start, even if the app has changed its own', async (t) => {
  const given = { GIVEN: 'given', MANY_LINES: 'one=1\ntwo=2\n\n=three=' }
  const server = await start(t, { env: given })
  t.match(await found(server, server.pid), { ...given, LOADED: undefined })
  await server.release.write('loaded.env', 'second value')
  const child = await server.reload()
  const line = await found(server, child)
  t.match(line, given, 'what was deleted or changed is as it was')
  t.notOk('LOADED' in line, 'what was loaded from a file can be loaded anew')
  t.match(await found(server, await server.reload()), given)
})

t.test('the option `env` edits the environment of the child', async (t) => {
  const server = await start(t, { config: { env: { ADDED: 'of the parent' } }, env: { GIVEN: 'given' } })
  t.notOk('ADDED' in (await found(server, server.pid)))
  const child = await server.reload()
  t.match(await found(server, child), { ADDED: 'of the parent', GIVEN: 'given' })
})

t.test('options and arguments survive, and do not grow', async (t) => {
  const execArgv = ['--no-deprecation', '--stack-trace-limit=20', '--require', './app.cjs']
  const args = ['--port', '0', '', 'with space', '--']
  const server = await start(t, { execArgv, args, env: { NODE_OPTIONS: '--title=fixture --trace-uncaught' } })
  const first = await found(server, server.pid)
  t.match(first, { execArgv, args, nodeOptions: '--title=fixture --trace-uncaught', title: 'fixture' })
  for (const generation of [2, 3]) {
    const { args, execArgv, nodeOptions, title } = await found(server, await server.reload())
    t.match(first, { args, execArgv, nodeOptions, title }, `of generation ${generation}`)
    t.strictSame([args, execArgv], [first.args, first.execArgv])
  }
})

for (const entry of ['cjs', 'mjs']) {
  const code = entry === 'cjs' ? `require('./server.cjs')` : `import './server.mjs'`
  const type = entry === 'cjs' ? 'commonjs' : 'module'
  t.test(`a program that stands on the command line, ${type}`, async (t) => {
    const prepare = async () => ({
      command: [process.execPath, `--input-type=${type}`, '-e', code, '--', '--option', 'argument'] as [
        string,
        ...string[]
      ]
    })
    const server = await startServer(t, { prepare })
    await server.release.configure({ release: 'B', options: { probation: 0 } })
    t.match(await server.eventOf(await server.reload(), 'started'), { release: 'B', script: '--option' })
    t.match(await server.eventOf(await server.reload(), 'started'), { release: 'B', script: '--option' })
  })
}

t.test('modules that are loaded first, by --import', async (t) => {
  const prepare = async (release: Release) => {
    await release.write('first.mjs', `globalThis.first = true`)
    await release.write('entry.mjs', `if (globalThis.first) await import('./server.mjs')`)
    return { script: release.path('entry.mjs') }
  }
  const server = await startServer(t, { execArgv: ['--import', './first.mjs'], prepare })
  await server.release.configure({ release: 'B', options: { probation: 0 } })
  t.match(await server.eventOf(await server.reload(), 'started'), { release: 'B' })
})

for (const { settings, where } of WAYS) {
  t.test(`what Node reads when it starts is read again${where}`, async (t) => {
    const execArgv = ['--env-file=app.env', '--require', './preload.cjs']
    const server = await start(t, { ...settings, execArgv })
    t.match(await found(server, server.pid), { FROM_FILE: 'one', FROM_PRELOAD: 'FROM_FILE=one' })
    await server.release.write('app.env', 'FROM_FILE=two')
    server.signal('SIGHUP', server.addressee)
    const child = await server.serving(2)
    t.match(await found(server, child), { FROM_FILE: 'two', FROM_PRELOAD: 'FROM_FILE=two' })
  })

  t.test(`Node is found again as it was at the start: a link that leads elsewhere${where}`, async (t) => {
    let link = ''
    const prepare = async (release: Release, folder: string) => {
      link = join(folder, 'node')
      await symlink(process.execPath, link)
      const launch = settings.launcher === undefined ? [] : [LAUNCHER]
      return { command: [link, ...launch, release.path('server.cjs')] as [string, ...string[]] }
    }
    const server = await startServer(t, { ...settings, config: { options: { probation: 0 } }, prepare })
    const other = join(link, '../other-node')
    await copyFile(process.execPath, other)
    await symlink(other, `${link}.next`)
    await rename(`${link}.next`, link)
    server.signal('SIGHUP', server.addressee)
    const child = await server.serving(2)
    if (HAS_PROC) t.equal(await readlink(`/proc/${child}/exe`), await realpath(other))
    t.equal(await server.stop(), 0)
  })
}
