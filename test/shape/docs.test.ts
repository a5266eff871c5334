import { readdirSync, readFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { test } from 'tap'
import {
  commandProblems,
  linkProblems,
  nameProblems,
  publishedOf,
  snippetProblems,
  unwantedProblems,
  widthProblems
} from './docs.js'
import { commandlessFolders, exampleProblems } from './example-rows.js'

const root = resolve(__dirname, '../../..')

/** Folders that are generated. */
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

test('the README is short', async (t) => {
  const lines = (texts.get('README.md') ?? '').trimEnd().split('\n')
  t.ok(lines.length <= 250, `${lines.length} lines`)
  t.strictSame(
    lines.filter((line) => line.length > 120),
    []
  )
})

test('the lines of all pages have at most 120 characters', async (t) => {
  t.strictSame(
    pages.flatMap((path) => widthProblems(path, texts)),
    []
  )
})

test('each folder of examples has a page, which names its test', async (t) => {
  const folders = new Set([...texts.keys()].map((path) => /^example\/([^/]+)\//.exec(path)?.[1]))
  for (const folder of folders)
    if (folder !== undefined)
      t.match(texts.get(`example/${folder}/README.md`) ?? '', /`test\/[\w/-]+\.test\.ts`/, folder)
})

test('each example has a row in the table, with a command and a test that are there', async (t) => {
  t.strictSame(exampleProblems(texts), [])
})

test('the page of each folder of examples begins with a command for a clone', async (t) => {
  t.strictSame(commandlessFolders(texts), [])
})

test('a user who has only the package can follow each link of its pages', async (t) => {
  const { files } = JSON.parse(texts.get('package.json') ?? '') as { files: string[] }
  const published = publishedOf(texts, files)
  const shown = [...published.keys()].filter((path) => path.endsWith('.md'))
  for (const path of ['README.md', 'CHANGELOG.md', 'SECURITY.md', 'docs/api.md']) t.ok(shown.includes(path), path)
  t.strictSame(
    shown.flatMap((path) => linkProblems(path, published)),
    []
  )
})

test('the tests and sources that the pages name are there', async (t) => {
  const named = pages.filter((path) => path === 'README.md' || /^(docs|example)\//.test(path))
  t.strictSame(
    named.flatMap((path) => nameProblems(path, texts)),
    []
  )
})

test('each guarantee names a test', async (t) => {
  const [guarantees = ''] = (texts.get('docs/guarantees.md') ?? '').split('\n## Limits\n')
  const sections = guarantees.split(/^### /m).slice(1)
  t.ok(sections.length > 20, `${sections.length} guarantees`)
  for (const section of sections) t.match(section, /Shown by `[\w/-]+\.test\.ts`/, section.slice(0, 60))
})

test('each example is in a page', async (t) => {
  const examples = [...texts.keys()].filter((path) => /^example\/[\w-]+\.[cm][jt]s$/.test(path))
  const shown = pages.map((path) => texts.get(path)).join('\n')
  // The demo is no snippet: it is what `npm start` runs.
  const others = examples.filter((path) => path !== 'example/demo.mjs' && !shown.includes(`<!-- ${path} -->`))
  t.strictSame(others, [])
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

test('the pages call the command by the name of the package, which npx finds everywhere', async (t) => {
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
  const diff = '<!-- example/a.mjs -->\n```diff\n-walk()\n+run()\n jump()\n```\n'
  t.strictSame(problems(diff, 'run()\njump()\n'), [])
  t.strictSame(problems(diff, 'walk()\njump()\n'), ['README.md: the snippet of example/a.mjs is not that file'])
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

test('a name that leads nowhere is found', async (t) => {
  const problems = (line: string) =>
    nameProblems(
      'docs/a.md',
      new Map([
        ['docs/a.md', line],
        ['test/e2e/stop/stop.test.ts', ''],
        ['test/unit/stop.test.ts', ''],
        ['lib/stop.ts', '']
      ])
    )
  for (const name of ['stop/stop.test.ts', 'unit/stop.test.ts', 'lib/stop.ts', 'test/e2e', 'lib/', 'npm test'])
    t.strictSame(problems(`see \`${name}\``), [], name)
  for (const name of ['stop.test.ts', 'unit/go.test.ts', 'lib/go.ts', 'lib/st', 'scripts/go.mjs'])
    t.strictSame(problems(`see \`${name}\``), [`docs/a.md names ${name}, which is not there`])
})

test('an example without a row, and a row that leads nowhere, are found', async (t) => {
  const problems = (...rows: string[]) =>
    exampleProblems(
      new Map([
        ['example/README.md', rows.join('\n')],
        ['example/a.mjs', ''],
        ['example/b/run.mjs', ''],
        ['test/a.test.ts', '']
      ])
    )
  const a = '| [a.mjs](a.mjs) | one | `node example/a.mjs` (a note) | `test/a.test.ts` |'
  const b = '| [b](b/) | two | `npx tap dist/test/a.test.js` | `test/a.test.ts` |'
  t.strictSame(problems(a, b.replace('[b]', '[b/]')), ['example/README.md has no row for b/'])
  t.strictSame(problems(a, b), [])
  t.strictSame(problems(a), ['example/README.md has no row for b/'])
  for (const [there, gone] of [
    ['example/a.mjs', 'example/c.mjs'],
    ['test/a.test.ts', 'test/c.test.ts']
  ] as const)
    t.strictSame(problems(a.replace(there, gone), b), [`example/README.md, a.mjs: ${gone} is not there`])
  t.strictSame(problems(a, b.replace('dist/test/a', 'dist/test/c')), [
    'example/README.md, b: test/c.test.ts is not there'
  ])
})

test('a folder of examples without a command is found', async (t) => {
  const found = (page: string) => commandlessFolders(new Map([['example/b/README.md', page]]))
  t.strictSame(found('In a clone of this repository:\n\n```sh\nnpm ci && npm start\n```\n'), [])
  t.strictSame(found('In a clone of this repository:\n\n```sh\nnode b.mjs\n```\n'), ['b/'])
  t.strictSame(found('```sh\nnpm ci && npm start\n```\n'), ['b/'])
  t.strictSame(found(''), ['b/'])
})

test('what is published is found by the list in package.json', async (t) => {
  const all = new Map(['README.md', 'docs/a.md', 'docs.md', 'lib/a.ts', 'LICENSE'].map((path) => [path, '']))
  t.strictSame([...publishedOf(all, ['docs', 'dist/**/*.js']).keys()], ['README.md', 'docs/a.md', 'LICENSE'])
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
