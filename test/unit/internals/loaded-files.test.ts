import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdir, realpath, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
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

t.test('a process says its last word although nobody reads what it loads', async (t) => {
  const folder = await realpath(t.testdir())
  const many = Array.from({ length: 1000 }, (_, at) => `part-${at}.cjs`)
  for (const name of many) await writeFile(join(folder, name), '')
  const own = JSON.stringify(join(__dirname, '../../../lib/internals/loaded-files.js'))
  const requires = many.map((name) => `require('./${name}')`).join('\n')
  const last = "process.prependOnceListener('exit', () => process.send('last'))"
  await writeFile(join(folder, 'main.cjs'), `require(${own}).gatherLoadedFiles()\n${requires}\n${last}\nprocess.exit()`)
  const child = spawn(process.execPath, [join(folder, 'main.cjs')], {
    env: { ...ownEnvironment(), ...TELL_LOADED_FILES },
    stdio: ['ignore', 'ignore', 'inherit', 'ipc']
  })
  child.channel?.unref()
  const messages: unknown[] = []
  // Nothing is read while this process stands still.
  while (isAlive(Number(child.pid))) Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 5)
  child.on('message', (message) => messages.push(message))
  await once(child, 'close')
  t.ok(messages.includes('last'))
  const found = messages.flatMap((message) => loadedFiles(message) ?? [])
  t.strictSame(
    many.filter((name) => !found.includes(join(folder, name))),
    []
  )
})

t.test('other messages are not meant', async (t) => {
  for (const message of [undefined, null, 'watch:require', 7, {}, { 'watch:require': 'x' }, []]) {
    t.equal(loadedFiles(message), undefined)
  }
  const odd = ['node:fs', null, 7, 'file:///%', 'relative.js', '/a.js?x', 'file:///b%20c.mjs?x#y']
  t.strictSame(loadedFiles({ 'watch:import': odd }), ['/a.js', '/b c.mjs'])
})
