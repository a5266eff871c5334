import { mkdirSync, mkdtempSync, realpathSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { withOwnInspector, withoutWaiting } from '../../../lib/reload/node-options.js'
import { Command } from '../../../lib/reload/restart-command.js'
import { os } from '../../../lib/util/os.js'

const start = { argv: process.argv, execArgv: process.execArgv, cwd: process.cwd(), environment: os.startEnvironment }

interface Start {
  script?: string
  args?: string[]
  execArgv?: string[]
  env?: Record<string, string>
  cwd?: string
}

/** The command of a process that was started in this way. */
function commandOf(t: Test, { script = '/srv/app.js', args = [], execArgv = [], env = {}, cwd = start.cwd }: Start) {
  process.argv = [process.execPath, ...(script === '' ? [] : [script]), ...args]
  process.execArgv = execArgv
  process.chdir(cwd)
  os.startEnvironment = () => ({ ...env })
  t.teardown(() => {
    Object.assign(process, { argv: start.argv, execArgv: start.execArgv })
    os.startEnvironment = start.environment
    process.chdir(start.cwd)
  })
  return new Command()
}

function temporaryFolder(t: Test): string {
  const folder = realpathSync(mkdtempSync(join(tmpdir(), 'graceful-')))
  t.teardown(() => {
    process.chdir(start.cwd)
    rmSync(folder, { recursive: true, force: true })
  })
  return folder
}

t.test('the command is the one of the start', async (t) => {
  const command = commandOf(t, { args: ['--port', '1', '-v'], execArgv: ['--import', './hook.mjs'], env: { A: '1' } })
  // What happens to the process afterwards is no part of its start.
  process.argv = ['changed']
  process.execArgv = []
  const { file, args, script, cwd, env } = command.again()
  t.equal(file, process.execPath)
  t.strictSame(args, ['--import', './hook.mjs', '/srv/app.js', '--port', '1', '-v'])
  t.equal(script, '/srv/app.js')
  t.equal(cwd, start.cwd)
  t.match(env, { A: '1' })
})

t.test(
  'a child passes on no compile cache that it was given, nor takes one away that its user has named',
  async (t) => {
    const given = {
      FASTIFY_GRACEFUL_RELOAD: '{}',
      NODE_COMPILE_CACHE: '/ours',
      FASTIFY_GRACEFUL_COMPILE_CACHE: '/ours'
    }
    t.strictSame(commandOf(t, { env: { ...given, A: '1' } }).again().env, { A: '1' })
    const former = { FASTIFY_GRACEFUL_RELOAD: '{}', NODE_COMPILE_CACHE: join(tmpdir(), 'node-compile-cache') }
    t.strictSame(commandOf(t, { env: former }).again().env, {}, 'of a parent of an earlier release')
    for (const flag of [{}, { FASTIFY_GRACEFUL_RELOAD: '{}' }])
      t.match(commandOf(t, { env: { ...flag, NODE_COMPILE_CACHE: '/own' } }).again().env, {
        NODE_COMPILE_CACHE: '/own'
      })
  }
)

t.test('a process without a script can be started again too', async (t) => {
  t.strictSame(commandOf(t, { script: '', execArgv: ['-e', 'code'] }).again().args, ['-e', 'code'])
})

t.test('the environment is the one of the start, without what was meant for this process alone', async (t) => {
  const env = {
    PATH: '/bin',
    FASTIFY_GRACEFUL_RELOAD: '{}',
    NODE_CHANNEL_FD: '4',
    NODE_CHANNEL_SERIALIZATION_MODE: 'json'
  }
  process.env.ADDED_SINCE = 'yes'
  t.teardown(() => delete process.env.ADDED_SINCE)
  const given: NodeJS.ProcessEnv[] = []
  const command = commandOf(t, { env })
  const edited = command.again((env) => {
    given.push({ ...env })
    env.EDITED = 'yes'
    return env
  }).env
  for (const name of ['FASTIFY_GRACEFUL_RELOAD', 'NODE_CHANNEL_FD', 'NODE_CHANNEL_SERIALIZATION_MODE', 'ADDED_SINCE'])
    t.notOk(name in (given[0] ?? {}), name)
  t.match(edited, { PATH: '/bin', EDITED: 'yes' })
  t.notOk('EDITED' in command.again().env, 'each reload begins with the environment of the start')
})

t.test('where the system does not reveal it, the environment is the one that the plugin found', async (t) => {
  process.env.FOUND = 'yes'
  t.teardown(() => delete process.env.FOUND)
  commandOf(t, {})
  os.startEnvironment = () => undefined
  t.match(new Command().again().env, { FOUND: 'yes' })
})

const mistakes: Array<[returned: unknown, message: RegExp]> = [
  [undefined, /returned undefined/],
  [null, /returned null/],
  ['PATH=/bin', /returned 'PATH/],
  [Promise.resolve({}), /returned Promise/]
]

t.test('an invalid environment fails before a child is started', async (t) => {
  const command = commandOf(t, {})
  for (const [returned, message] of mistakes)
    t.throws(() => command.again(() => returned as NodeJS.ProcessEnv), { code: 'GRACEFUL_ERR_SPAWN_FAILED', message })
})

t.test('a folder and a script that were reached by a link are reached by it again', async (t) => {
  const folder = temporaryFolder(t)
  for (const release of ['one', 'two']) {
    mkdirSync(join(folder, release))
    writeFileSync(join(folder, release, 'app.js'), '')
  }
  const current = join(folder, 'current')
  symlinkSync('one', current)
  const script = join(folder, 'one/app.js')
  const command = commandOf(t, { cwd: current, env: { PWD: current }, script })
  t.match(command.again(), { cwd: current, args: [join(current, 'app.js')] })
  t.equal(command.movedLink(script), undefined)

  symlinkSync('two', join(folder, 'next'))
  renameSync(join(folder, 'next'), current)
  t.match(command.again(), { cwd: current, args: [join(current, 'app.js')] })
  t.equal(command.movedLink(script), current, 'the old release was loaded again')
  t.equal(command.movedLink(join(folder, 'two/app.js')), undefined)
})

t.test('an executable that is the app is found like a script, and takes all arguments for itself', async (t) => {
  const folder = temporaryFolder(t)
  for (const release of ['one', 'two']) {
    mkdirSync(join(folder, release))
    writeFileSync(join(folder, release, 'server'), '', { mode: 0o755 })
  }
  const current = join(folder, 'current')
  symlinkSync('one', current)
  const { execPath } = process
  const { isSingleExecutable, startCommandLine } = os
  t.teardown(() => {
    process.execPath = execPath
    Object.assign(os, { isSingleExecutable, startCommandLine })
  })
  process.execPath = join(folder, 'one/server')
  Object.assign(os, { isSingleExecutable: () => true, startCommandLine: () => undefined })
  const start = { cwd: current, script: './server', args: ['--flag', '1'], execArgv: ['--built-in'] }
  const command = commandOf(t, { ...start, env: { PWD: current, NODE_OPTIONS: '--inspect' } })
  const file = join(current, 'server')
  t.match(command.again(), { file, isNode: false, args: ['--flag', '1'], script: undefined, cwd: current })
  t.match(command.release, { script: process.execPath })

  symlinkSync('two', join(folder, 'next'))
  renameSync(join(folder, 'next'), current)
  t.equal(command.again().file, file)
  t.equal(command.movedLink(join(folder, 'one/server')), current, 'the old release was loaded again')
})

t.test('$PWD counts only if it is where this process is', async (t) => {
  const folder = temporaryFolder(t)
  writeFileSync(join(folder, 'file'), '')
  const elsewhere = [
    '/',
    join(folder, 'gone'),
    join(folder, 'file/in/a/file'),
    '.',
    '',
    'relative',
    `/${'x'.repeat(5000)}`
  ]
  for (const PWD of elsewhere)
    t.equal(commandOf(t, { cwd: folder, env: { PWD } }).again().cwd, folder, PWD.slice(0, 40))
  t.equal(commandOf(t, { cwd: folder }).again().cwd, folder, 'no $PWD')
})

const inspectors: Array<[execArgv: string[], nodeOptions: string, expected: string[]]> = [
  [[], '', []],
  [['--enable-source-maps'], '--max-old-space-size=100', ['--enable-source-maps']],
  [['--inspect'], '', ['--inspect-port=0', '--inspect']],
  [['--inspect=9230'], '', ['--inspect-port=0', '--inspect']],
  [['--inspect=0.0.0.0:9230', '-r', './x'], '', ['--inspect-port=0', '--inspect', '-r', './x']],
  [['--inspect-brk=9230'], '', ['--inspect-port=0', '--inspect']],
  [['--inspect-wait'], '', ['--inspect-port=0', '--inspect']],
  [['--inspect-port=9230', '--inspect'], '', ['--inspect-port=0', '--inspect']],
  [['--inspect-port', '9230', '--inspect'], '', ['--inspect-port=0', '--inspect']],
  [['--debug-port', '9230'], '', []],
  [['--inspect-publish-uid=http'], '', ['--inspect-publish-uid=http']],
  [[], '--inspect=9230', ['--inspect-port=0']],
  [[], '--no-warnings --inspect-brk', ['--inspect-port=0']],
  [[], '--require=./--inspect', []]
]

t.test('an inspector gets its own port, and the child does not wait for a debugger', async (t) => {
  for (const [execArgv, nodeOptions, expected] of inspectors)
    t.strictSame(withOwnInspector(execArgv, nodeOptions), expected, `${execArgv} ${nodeOptions}`)
  t.equal(withoutWaiting('--inspect-brk=1 --a --inspect-wait'), '--inspect=1 --a --inspect')
  t.equal(withoutWaiting('--require ./my--inspect-brk'), '--require ./my--inspect-brk')
  const { env } = commandOf(t, { env: { NODE_OPTIONS: '--inspect-brk=9230' } }).again()
  t.equal(env.NODE_OPTIONS, '--inspect=9230')
})
