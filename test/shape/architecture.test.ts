import { readdirSync, readFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { test } from 'tap'
import { FOLDERS, INTERNALS, type Manifest, shapeProblems } from './architecture.js'

const root = resolve(__dirname, '../../..')

const manifest: Manifest = { dependencies: {}, peerDependencies: { fastify: '^5.0.0' } }

/** A small tree without a fault; each row below adds one. */
const GOOD = {
  'lib/index.ts': "import { Host } from './process/host.js'\nimport type { FastifyInstance } from 'fastify'\n",
  'lib/errors.ts': '',
  'lib/process/host.ts': "import { boot } from './boot.js'\nimport { step } from '../protocol/server.js'\n",
  'lib/process/boot.ts': "import type { Phase } from '../protocol/phases.js'\nimport { on } from 'node:events'\n",
  'lib/protocol/server.ts': "import type { Child } from '../reload/child.js'\nimport { PHASES } from './phases.js'\n",
  'lib/protocol/phases.ts':
    "// import './drain.js'; Date.now()\nexport const PHASES = 'https://nodejs.org, process.pid'\n",
  'lib/reload/child.ts': "/** Like './drain.js', without its console; see socket._handle. */\n",
  'lib/internals/listening-handle.ts': 'server._handle?.close()\n'
}

test('lib/ keeps to its folders, pure machines, declared dependencies and the one place for internals', async (t) => {
  const files = readdirSync(join(root, 'lib'), { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.ts'))
    .map((name) => `lib/${name.replaceAll('\\', '/')}`)
  const sources = new Map(files.map((path) => [path, readFileSync(join(root, path), 'utf8')]))
  t.ok(files.includes('lib/index.ts'), 'the sources were found')
  t.strictSame(shapeProblems(sources, JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'))), [])
})

test('every name on the list of internals is still used', async (t) => {
  for (const [file, names] of Object.entries(INTERNALS)) {
    const text = readFileSync(join(root, file), 'utf8')
    for (const name of names) t.ok(text.includes(name), `${name} in ${file}`)
  }
})

test('CONTRIBUTING.md names the folders that are enforced', async (t) => {
  const rows = readFileSync(join(root, 'CONTRIBUTING.md'), 'utf8').matchAll(/^\| `lib\/(\w+)\/` +\|/gm)
  t.strictSame([...rows].map(([, name]) => name).sort(), [...FOLDERS])
})

for (const [line, name] of [
  ['const now = Date.now()', 'Date'],
  ['const at = performance.now()', 'performance'],
  ['setTimeout(() => {}, 1)', 'setTimeout'],
  ['setInterval(() => {}, 1)', 'setInterval'],
  ['setImmediate(() => {})', 'setImmediate'],
  ['queueMicrotask(() => {})', 'queueMicrotask'],
  ['const pid = process.pid', 'process'],
  [`const text = \`\${process.pid}\``, 'process'],
  ['let later: Promise<void>', 'Promise'],
  ['const step = async () => {}', 'async'],
  ['for await (const input of inputs) step(input)', 'await'],
  ['const dice = Math.random()', 'Math.random'],
  ['globalThis.count = 1', 'globalThis']
] as const)
  test(`the checker sees a machine with "${line}"`, async (t) => {
    const withLine = (file: string) => new Map(Object.entries({ ...GOOD, [file]: `${line}\n` }))
    const problem = `lib/protocol/phases.ts uses ${name}, and is no pure machine`
    t.strictSame(shapeProblems(withLine('lib/protocol/phases.ts'), manifest), [problem])
    t.strictSame(shapeProblems(withLine('lib/errors.ts'), manifest), [], 'elsewhere it is allowed')
  })

test('the checker finds nothing in a good tree', async (t) => {
  t.strictSame(shapeProblems(new Map(Object.entries(GOOD)), manifest), [])
})

const faults: Array<{
  title: string
  file: string
  line: string
  expected: RegExp
  packages?: Record<string, string>
}> = [
  {
    title: 'a file outside of the folders',
    file: 'lib/helpers/all.ts',
    line: '',
    expected: /^lib\/helpers\/all\.ts is in none of the folders of lib\/$/
  },
  {
    title: 'a file that is not the public face',
    file: 'lib/utils.ts',
    line: '',
    expected: /^lib\/utils\.ts is in none of the folders of lib\/$/
  },
  {
    title: 'a machine that imports more than types',
    file: 'lib/protocol/phases.ts',
    line: "import { stop } from '../reload/child.js'",
    expected: /^lib\/protocol\/phases\.ts imports more than types from \.\.\/reload\/child\.js$/
  },
  {
    title: 'a machine that does I/O',
    file: 'lib/protocol/phases.ts',
    line: "import { readFileSync } from 'node:fs'",
    expected: /^lib\/protocol\/phases\.ts imports more than types from node:fs$/
  },
  {
    title: 'a re-export of more than types from a machine',
    file: 'lib/protocol/phases.ts',
    line: "export * from '../errors.js'",
    expected: /imports more than types from \.\.\/errors\.js$/
  },
  {
    title: 'a dynamic import of what is not there',
    file: 'lib/reload/child.ts',
    line: "await import('./gone.js')",
    expected: /^lib\/reload\/child\.ts imports lib\/reload\/gone\.ts, which is not there$/
  },
  {
    title: 'an import cycle',
    file: 'lib/process/boot.ts',
    line: "import { Host } from './host.js'",
    expected: /^import cycle: .*lib\/process\/host\.ts/
  },
  {
    title: 'a package that is not declared',
    file: 'lib/reload/child.ts',
    line: "import { x } from '@scope/name/file.js'",
    expected: /^lib\/reload\/child\.ts imports @scope\/name, which package\.json does not declare$/
  },
  {
    title: 'a type of a package that is not declared',
    file: 'lib/reload/child.ts',
    line: "import type { x } from 'pino'",
    expected: /imports pino, which package\.json does not declare$/
  },
  {
    title: 'a builtin without node:',
    file: 'lib/reload/child.ts',
    line: "import fs from 'fs'",
    expected: /^lib\/reload\/child\.ts imports fs without node:$/
  },
  {
    title: 'a dependency that nothing imports',
    file: 'lib/reload/child.ts',
    line: "import type { x } from 'unused'",
    packages: { unused: '1' },
    expected: /^package\.json declares unused, which no file of lib\/ imports$/
  },
  {
    title: 'console',
    file: 'lib/reload/child.ts',
    line: "console.log('here')",
    expected: /^lib\/reload\/child\.ts uses console$/
  },
  {
    title: 'an internal by dot',
    file: 'lib/reload/child.ts',
    line: 'server._handle.fd',
    expected: /^lib\/reload\/child\.ts touches _handle; only lib\/internals\/.* may$/
  },
  {
    title: 'an internal by string',
    file: 'lib/reload/child.ts',
    line: "server['_handle']",
    expected: /touches _handle; only/
  },
  {
    title: 'a private symbol of Node',
    file: 'lib/reload/child.ts',
    line: 'Object.getOwnPropertySymbols(socket)',
    expected: /touches getOwnPropertySymbols; only/
  },
  {
    title: 'a method of Node that is shadowed',
    file: 'lib/reload/child.ts',
    line: 'socket.destroy = () => socket',
    expected: /touches \.destroy =; only/
  },
  {
    title: 'a flag of Node that is not documented',
    file: 'lib/reload/child.ts',
    line: 'response.shouldKeepAlive = false',
    expected: /touches shouldKeepAlive; only/
  },
  {
    title: 'an internal that is not on the list',
    file: 'lib/internals/listening-handle.ts',
    line: 'server._connections',
    expected: /^lib\/internals\/listening-handle\.ts touches _connections, which is not on its list$/
  }
]

for (const { title, file, line, expected, packages = {} } of faults) {
  test(`the checker sees ${title}`, async (t) => {
    const tree = new Map(
      Object.entries({ ...GOOD, [file]: `${(GOOD as Record<string, string>)[file] ?? ''}${line}\n` })
    )
    const problems = shapeProblems(tree, { ...manifest, dependencies: packages })
    t.equal(problems.length, 1, problems.join('; '))
    t.match(problems[0], expected)
  })
}
