import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdir, realpath, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { loadedFiles, TELL_LOADED_FILES } from '../../../lib/internals/loaded-files.js'
import { bare, ownEnvironment } from '../../support/bare.js'

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

t.test('other messages are not meant', async (t) => {
  for (const message of [undefined, null, 'watch:require', 7, {}, { 'watch:require': 'x' }, []]) {
    t.equal(loadedFiles(message), undefined)
  }
  const odd = ['node:fs', null, 7, 'file:///%', 'relative.js', '/a.js?x', 'file:///b%20c.mjs?x#y']
  t.strictSame(loadedFiles({ 'watch:import': odd }), ['/a.js', '/b c.mjs'])
})
