import { readdirSync, readFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { test } from 'tap'
import { commandProblems, linkProblems, snippetProblems, unwantedProblems } from './docs.js'

const root = resolve(__dirname, '../../..')

/** What is made, not written. */
const GENERATED = new Set(['.git', '.tap', 'dist', 'node_modules'])

const texts = new Map(filesBelow('').map((path) => [path, readFileSync(join(root, path), 'utf8')]))
const pages = [...texts.keys()].filter((path) => path.endsWith('.md'))

test('the snippets of all pages are the files of example/', async (t) => {
  t.strictSame(
    pages.flatMap((path) => snippetProblems(path, texts)),
    []
  )
})

test('links within the repository lead somewhere', async (t) => {
  t.ok(pages.includes('CONTRIBUTING.md'))
  t.strictSame(
    pages.flatMap((path) => linkProblems(path, texts)),
    []
  )
})

test('no file names a folder of one machine, or a registry', async (t) => {
  t.ok(texts.has('package-lock.json'))
  t.strictSame(
    [...texts.keys()].flatMap((path) => unwantedProblems(path, texts)),
    []
  )
})

/** Where the short name of the command is given, checked, or looked for. */
const SHORT_NAME = new Set([
  'package.json',
  'package-lock.json',
  'scripts/check-package.mjs',
  ...['bash', 'zsh', 'fish'].map((shell) => `lib/cli/completion-${shell}.ts`)
])

test('the command is called by the name of the package, which npx finds wherever it is asked', async (t) => {
  const { name, bin } = JSON.parse(texts.get('package.json') ?? '') as { name: string; bin: Record<string, string> }
  t.strictSame(bin, { [name]: 'dist/package/cli/bin.js', 'fastify-graceful': 'dist/package/cli/bin.js' })
  const others = [...texts.keys()].filter((path) => !SHORT_NAME.has(path) && !path.startsWith('test/shape/'))
  t.strictSame(
    others.flatMap((path) => commandProblems(path, texts)),
    []
  )
})

const MARKED = '<!-- example/a.mjs -->\n```js\nrun()\n```\n'

test('a snippet that differs from its file, or has none, is found', async (t) => {
  const problems = (page: string, example?: string) =>
    snippetProblems(
      'README.md',
      new Map([['README.md', page], ...(example === undefined ? [] : [['example/a.mjs', example] as const])])
    )
  t.strictSame(problems(MARKED, 'run()\n'), [])
  t.strictSame(problems('```sh\nnpm test\n```\n'), [])
  t.strictSame(problems(MARKED, 'walk()\n'), ['README.md: the snippet of example/a.mjs is not that file'])
  t.strictSame(problems(MARKED), ['README.md: example/a.mjs is not there'])
  t.strictSame(problems(`${MARKED}\n\`\`\`ts\nrun()\n\`\`\`\n`, 'run()\n'), [
    'README.md: no <!-- example/… --> names the file of "run()"'
  ])
})

test('a dead link is found', async (t) => {
  const problems = (link: string) =>
    linkProblems(
      'docs/a.md',
      new Map([
        ['docs/a.md', `# One Thing\n\n[text](${link})\n\n\`\`\`md\n[not](a-link.md)\n\`\`\`\n`],
        ['docs/b.md', '## `b`: two, three\n'],
        ['LICENSE', '']
      ])
    )
  for (const link of [
    'b.md',
    '../LICENSE',
    './',
    '../docs',
    '#one-thing',
    'b.md#b-two-three',
    'https://nodejs.org/x'
  ]) {
    t.strictSame(problems(link), [], link)
  }
  for (const link of ['c.md', 'LICENSE', '#two', 'b.md#three']) {
    t.strictSame(problems(link), [`docs/a.md: the link ${link} leads nowhere`])
  }
})

test('the names of one machine are found', async (t) => {
  const problems = (line: string) => unwantedProblems('a', new Map([['a', `first\n${line}\n`]])).length
  for (const line of [
    ['', 'work', 'main'],
    ['see ', 'tmp', 'notes'],
    ['', 'root', 'x']
  ])
    t.equal(problems(line.join('/')), 1)
  t.equal(problems(['https://registry', 'npmjs', 'org'].join('.')), 1)
  for (const line of ['node_modules/work/x', './work/x', 'the root / of it', 'https://www.npmjs.com/package/fastify']) {
    t.equal(problems(line), 0, line)
  }
})

function filesBelow(folder: string): string[] {
  return readdirSync(join(root, folder), { withFileTypes: true }).flatMap((entry) => {
    const path = folder === '' ? entry.name : `${folder}/${entry.name}`
    if (GENERATED.has(entry.name)) return []
    if (entry.isDirectory()) return filesBelow(path)
    return entry.isFile() && !entry.name.endsWith('.tgz') ? [path] : []
  })
}
