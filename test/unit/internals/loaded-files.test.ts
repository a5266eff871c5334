import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdir, realpath, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import t, { type Test } from 'tap'
import { loadedFiles, TELL_LOADED_FILES } from '../../../lib/internals/loaded-files.js'
import { bare, ownEnvironment } from '../../support/bare.js'
import { isAlive } from '../../support/fds.js'

const FILES: Readonly<Record<string, string>> = {
  'main.mjs': "import './sub/nested.mjs'; import './main.cjs'; await import('./lazy.mjs?again')",
  'sub/nested.mjs': "import { readFileSync } from 'node:fs'",
  'main.cjs': "require('./required.cjs'); require('./data.json')",
  'required.cjs': '',
  'data.json': '{}',
  'lazy.mjs': '',
  'missing.mjs': "import './sub/nowhere.mjs'",
  'missing.cjs': "require('./nowhere')",
  'bad.cjs': "require('./worse.cjs')",
  'worse.cjs': 'const x = ;'
}

/** What Node reports about a script, relative to its folder. */
async function told(t: Test, script: string): Promise<string[]> {
  const folder = await realpath(t.testdir())
  await mkdir(join(folder, 'sub'))
  for (const [name, text] of Object.entries(FILES)) await writeFile(join(folder, name), text)
  const channel = { NODE_CHANNEL_FD: '3' }
  const command = bare({ ...ownEnvironment(), ...TELL_LOADED_FILES, ...channel }, process.execPath, [
    join(folder, script)
  ])
  const child = spawn(...command, { stdio: ['ignore', 'ignore', 'ignore', 'ipc'] })
  const found: string[] = []
  child.on('message', (message) => found.push(...(loadedFiles(message) ?? [])))
  await Promise.all([once(child, 'exit'), once(child, 'disconnect')])
  return found.map((path) => path.slice(folder.length + 1))
}

t.test('Node tells which files it loads', async (t) => {
  const found = await told(t, 'main.mjs')
  const all = ['main.mjs', 'sub/nested.mjs', 'main.cjs', 'required.cjs', 'data.json', 'lazy.mjs']
  t.strictSame(
    all.filter((name) => !found.includes(name)),
    []
  )
})

t.test('the places where it has looked for missing files', async (t) => {
  t.ok((await told(t, 'missing.mjs')).includes('sub/nowhere.mjs'))
  t.ok((await told(t, 'missing.cjs')).includes('nowhere.js'))
})

t.test('and a required one that it cannot read, before it tries', async (t) => {
  t.ok((await told(t, 'bad.cjs')).includes('worse.cjs'))
})

/** Loads many files in a child that gathers them, and returns its messages once it has ended. Nobody reads before. */
async function gathered(t: Test, many: string[], end: string): Promise<unknown[]> {
  const folder = await realpath(t.testdir())
  for (const name of many) {
    await mkdir(dirname(join(folder, name)), { recursive: true })
    await writeFile(join(folder, name), '')
  }
  const own = JSON.stringify(join(__dirname, '../../../lib/internals/loaded-files.js'))
  const requires = many.map((name) => `require('./${name}')`).join('\n')
  await writeFile(join(folder, 'main.cjs'), `require(${own}).gatherLoadedFiles()\n${requires}\n${end}`)
  const child = spawn(process.execPath, [join(folder, 'main.cjs')], {
    env: { ...ownEnvironment(), ...TELL_LOADED_FILES },
    stdio: ['ignore', 'ignore', 'inherit', 'ipc']
  })
  const messages: unknown[] = []
  while (isAlive(Number(child.pid))) Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 5)
  child.on('message', (message) => messages.push(message))
  await once(child, 'close')
  return messages.map((message) => loadedFiles(message)?.map((path) => path.slice(folder.length + 1)) ?? message)
}

t.test('a process says its last word although nobody reads what it loads', async (t) => {
  const many = Array.from({ length: 1000 }, (_, at) => `part-${at}.cjs`)
  const last = "process.prependOnceListener('exit', () => process.send('last'))"
  const messages = await gathered(t, many, `${last}\nprocess.exit()`)
  t.ok(messages.includes('last'))
  const found = new Set(messages.flat())
  t.strictSame(
    many.filter((name) => !found.has(name)),
    []
  )
})

t.test('a process that is killed while it loads has reported the files of the app, and none of packages', async (t) => {
  const many = ['one.cjs', 'node_modules/two/index.js', 'three.cjs']
  const found = (await gathered(t, many, "process.kill(process.pid, 'SIGKILL')")).flat()
  t.strictSame(
    many.filter((name) => found.includes(name)),
    ['one.cjs', 'three.cjs']
  )
})

t.test('other messages are not meant', async (t) => {
  for (const message of [undefined, null, 'watch:require', 7, {}, { 'watch:require': 'x' }, []]) {
    t.equal(loadedFiles(message), undefined)
  }
  const odd = ['node:fs', null, 7, 'file:///%', 'relative.js', '/a.js?x', 'file:///b%20c.mjs?x#y']
  t.strictSame(loadedFiles({ 'watch:import': odd }), ['/a.js', '/b c.mjs'])
})
