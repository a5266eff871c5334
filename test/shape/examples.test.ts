import { execFile } from 'node:child_process'
import { readdirSync, readFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { promisify } from 'node:util'
import { test } from 'tap'
import { bare, ownEnvironment } from '../support/bare.js'

const root = resolve(__dirname, '../../..')
const run = (...args: string[]) =>
  promisify(execFile)(...bare(ownEnvironment(), join(root, 'node_modules/.bin/tsc'), args), { cwd: root }).catch(
    ({ stdout }: { stdout: string }) => ({ stdout })
  )

// Each snippet of a page is one of these files: see docs.test.ts.
test('what the pages show compiles against the types of the package, checked as strictly as TypeScript', async (t) => {
  const { stdout } = await run('--project', 'types/tsconfig.examples.json', '--listFiles')
  t.notMatch(stdout, /error TS\d+/)
  const checked = stdout.split('\n')
  const shown = ['README.md', ...readdirSync(join(root, 'docs')).map((name) => `docs/${name}`)]
    .filter((path) => path.endsWith('.md'))
    .flatMap((path) => [...readFileSync(join(root, path), 'utf8').matchAll(/<!-- (example\/\S+\.[mc]?[jt]s) -->/g)])
    .map(([, path = '']) => path)
  t.ok(shown.length > 10, `${shown.length} snippets`)
  for (const path of shown) t.ok(checked.includes(join(root, path)), path)
})
