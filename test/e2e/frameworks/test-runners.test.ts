import { execFile } from 'node:child_process'
import t, { type Test } from 'tap'
import { bare, ownEnvironment } from '../../support/bare.js'
import { Framework } from '../../support/frameworks.js'
import { OtherNode } from '../../support/other-node.js'
import { Release } from '../../support/release.js'
import { tempFolder } from '../../support/temp-folder.js'

// A test runner may run one file after the other in one process, each with its own modules and its own global object.
// The second file meets what the first one has left in the process.

const FILES = ['a', 'b', 'c']

const jest = new Framework('jest', 'jest@30')

t.test('files of Jest follow each other in one process', { skip: jest.missing }, async (t) => {
  for (const globalsCleanup of ['soft', 'on']) {
    const release = await withFiles(t, 'listens.jest.cjs', (name) => `${name}.test.cjs`)
    const config = {
      rootDir: release.folder,
      testMatch: ['**/*.test.cjs'],
      transform: {},
      testEnvironmentOptions: { globalsCleanup }
    }
    const args = ['--runInBand', '--ci', '--config', JSON.stringify(config)]
    const output = await run(process.execPath, release, [jest.path('jest', 'bin/jest.js'), ...args])
    t.match(output, { failed: false, text: new RegExp(`Tests: +${3 * FILES.length} passed`) })
    t.notMatch(output.text, /JEST-01|did not exit/)
  }
})

const vitest = new Framework('vitest', 'vitest@5')
const node = new OtherNode(24, 24)

t.test('files of vitest follow each other in one process', { skip: vitest.missing || node.missing }, async (t) => {
  for (const pool of ['--pool=vmForks', '--pool=vmThreads', '--no-isolate']) {
    const release = await withFiles(t, 'listens.vitest.mjs', (name) => `${name}.test.mjs`)
    await vitest.provide(release, 'vitest')
    const args = ['run', pool, '--maxWorkers=1', '--no-color', '--root', release.folder]
    const output = await run(node.path, release, [vitest.path('vitest', 'vitest.mjs'), ...args])
    t.match(output, { failed: false, text: new RegExp(`Tests +${3 * FILES.length} passed`) }, pool)
  }
})

async function withFiles(t: Test, fixture: string, nameOf: (name: string) => string): Promise<Release> {
  const release = await Release.create(await tempFolder(t))
  for (const name of FILES) await release.write(nameOf(name), await release.read(fixture))
  return release
}

function run(file: string, release: Release, args: string[]): Promise<{ failed: boolean; text: string }> {
  const command = bare(ownEnvironment(), file, args)
  return new Promise((resolve) => {
    execFile(...command, { cwd: release.folder }, (error, stdout, stderr) =>
      resolve({ failed: error !== null, text: stdout + stderr })
    )
  })
}
