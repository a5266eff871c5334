import { readdirSync, readFileSync, statSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { test } from 'tap'
import { lineProblems, ruledOutIn, wordProblems } from './words.js'

// The words of the project, as CONTRIBUTING.md has them in its table: where users and maintainers read, nothing else
// stands for them.

const root = resolve(__dirname, '../../..')
const read = (path: string) => readFileSync(join(root, path), 'utf8')

const ruledOut = ruledOutIn(read('CONTRIBUTING.md'))
const sources = filesOf('lib')
const pages = ['README.md', 'CHANGELOG.md', 'SECURITY.md', ...filesOf('docs'), ...filesOf('example')]

function filesOf(folder: string): string[] {
  return readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' })
    .map((name) => `${folder}/${name.replaceAll('\\', '/')}`)
    .filter((path) => !path.includes('/node_modules/') && !/\.(png|svg)$/.test(path))
    .filter((path) => statSync(join(root, path)).isFile())
}

test('lib/, the README, docs/ and example/ have none of the phrases that the word table rules out', async (t) => {
  for (const phrase of ['in hand', 'under way', 'asked for', 'told', 'whoever'])
    t.ok(
      ruledOut.some((one) => one.phrase === phrase),
      phrase
    )
  t.ok(sources.length > 250 && pages.length > 60, `${sources.length} sources, ${pages.length} pages`)
  t.strictSame(
    [...sources, ...pages].flatMap((path) => wordProblems(path, read(path), ruledOut)),
    []
  )
})

test('the lines of lib/ have at most 120 characters', async (t) => {
  t.strictSame(
    sources.flatMap((path) => lineProblems(path, read(path))),
    []
  )
})

const TABLE = [
  '# Contributing',
  '| stop | (not: end) |',
  '## Words',
  '| stop | leave (not: quit) |',
  '| in progress | begun (not: in hand, told) |',
  '| drain | finish |'
].join('\n\n')

test('the phrases are those of the table', async (t) => {
  t.strictSame(ruledOutIn(TABLE), [
    { phrase: 'quit', word: 'stop' },
    { phrase: 'in hand', word: 'in progress' },
    { phrase: 'told', word: 'in progress' }
  ])
})

const FOUND: ReadonlyArray<readonly [path: string, text: string, lines: readonly number[]]> = [
  ['docs/a.md', 'one\nwhat is in hand\nIn hand', [2, 3]],
  ['docs/a.md', 'it was told, then\n  what was in\n  hand', [2, 1]],
  ['a.yaml', '# a request in\n# hand', [1]],
  ['lib/a.ts', '/** First.\n * What is in\n * hand. */\nlet told = 1', [2]],
  ['lib/a.ts', "// He was told.\nsay('is told to go')", [1, 2]],
  ['lib/a.ts', 'x = 1 // it has\n// told us\nsay(`a was\n told`)', [2, 4]]
]

const ALLOWED: ReadonlyArray<readonly [path: string, text: string]> = [
  ['docs/a.md', 'in handlers, untold: in `hand`'],
  ['lib/a.ts', "const told = of('told') // quiet"],
  ['lib/a.ts', `say(\`as \${told(0)} says\`)`],
  ['lib/a.ts', "fetch('https://a.b/c') && told"],
  ['lib/a.ts', "in('x') + hand"]
]

test('a phrase is found in a page, a comment and a sentence, and not in the names of a program', async (t) => {
  const rows = ruledOutIn(TABLE)
  for (const [path, text, lines] of FOUND)
    t.strictSame(
      wordProblems(path, text, rows).map((problem) =>
        Number(/:(\d+) says "(in hand|told)"; the word is/.exec(problem)?.[1])
      ),
      lines,
      text
    )
  for (const [path, text] of ALLOWED) t.strictSame(wordProblems(path, text, rows), [], text)
})

test('a line that is too long is found', async (t) => {
  const line = 'x'.repeat(120)
  t.strictSame(lineProblems('lib/a.ts', `${line}\n${line}x\n`), ['lib/a.ts:2 has 121 characters'])
})
