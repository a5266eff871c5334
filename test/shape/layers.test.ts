import { readdirSync, readFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { test } from 'tap'
import { INTERNALS, LAYERS, type Manifest, shapeProblems } from './layers.js'

const root = resolve(__dirname, '../../..')

const manifest: Manifest = { dependencies: {}, peerDependencies: { fastify: '^5.0.0' } }

/** A small tree without a fault; each row below adds one. */
const GOOD = {
  'lib/index.ts': "import { Reloader } from './reloader/reloader.js'\nimport type { FastifyInstance } from 'fastify'\n",
  'lib/reloader/reloader.ts': "import { boot } from './boot.js'\nimport { stop } from '../resources/drain.js'\n",
  'lib/reloader/boot.ts': "import type { Phase } from '../pure/phases.js'\n",
  'lib/resources/drain.ts': "import { on } from 'node:events'\nimport { toError } from '../base/errors.js'\n",
  'lib/resources/child.ts': "/** Like './drain.js', without its console; see socket._handle. */\n",
  'lib/pure/phases.ts': "// import './drain.js'\nconst url = 'https://nodejs.org'\n",
  'lib/base/errors.ts': '',
  'lib/base/node-internals.ts': 'server._handle?.close()\n'
}

test('lib/ keeps to the layers, the declared dependencies and the one file for internals', async (t) => {
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

test('CONTRIBUTING.md names the layers that are enforced', async (t) => {
  const rows = [...readFileSync(join(root, 'CONTRIBUTING.md'), 'utf8').matchAll(/^\| (\d) (\w+) +\|/gm)]
  t.strictSame(
    rows.map(([, number, name]) => `${number} ${name}`),
    LAYERS.map(({ number, name }) => `${number} ${name}`)
  )
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
    title: 'a file outside of the layers',
    file: 'lib/utils.ts',
    line: '',
    expected: /^lib\/utils\.ts belongs to no layer$/
  },
  {
    title: 'an import from a higher layer',
    file: 'lib/pure/phases.ts',
    line: "import { stop } from '../resources/drain.js'",
    expected: /^lib\/pure\/phases\.ts \(pure\) imports lib\/resources\/drain\.ts from the higher layer resources$/
  },
  {
    title: 'a type from a higher layer',
    file: 'lib/base/errors.ts',
    line: "import type { Phase } from '../pure/phases.js'",
    expected: /from the higher layer pure$/
  },
  {
    title: 'a re-export from a higher layer',
    file: 'lib/base/errors.ts',
    line: "export * from '../pure/phases.js'",
    expected: /from the higher layer pure$/
  },
  {
    title: 'an import over several lines',
    file: 'lib/base/errors.ts',
    line: "import {\n  type Phase,\n  canFollow\n} from '../pure/phases.js'",
    expected: /from the higher layer pure$/
  },
  {
    title: 'a resource that imports another',
    file: 'lib/resources/child.ts',
    line: "import type { Drain } from './drain.js'",
    expected: /^lib\/resources\/child\.ts imports .*: files of the layer resources never import each other$/
  },
  {
    title: 'a require of a resource by another',
    file: 'lib/resources/child.ts',
    line: "const drain = require('./drain.js')",
    expected: /never import each other$/
  },
  {
    title: 'a dynamic import of what is not there',
    file: 'lib/resources/child.ts',
    line: "await import('./gone.js')",
    expected: /^lib\/resources\/child\.ts imports lib\/resources\/gone\.ts, which is not there$/
  },
  {
    title: 'an import cycle',
    file: 'lib/reloader/boot.ts',
    line: "import { Reloader } from './reloader.js'",
    expected: /^import cycle: .*lib\/reloader\/reloader\.ts/
  },
  {
    title: 'a package that is not declared',
    file: 'lib/resources/child.ts',
    line: "import { x } from '@scope/name/file.js'",
    expected: /^lib\/resources\/child\.ts imports @scope\/name, which package\.json does not declare$/
  },
  {
    title: 'a type of a package that is not declared',
    file: 'lib/resources/child.ts',
    line: "import type { x } from 'pino'",
    expected: /imports pino, which package\.json does not declare$/
  },
  {
    title: 'a builtin without node:',
    file: 'lib/resources/child.ts',
    line: "import fs from 'fs'",
    expected: /^lib\/resources\/child\.ts imports fs without node:$/
  },
  {
    title: 'a dependency that nothing imports',
    file: 'lib/resources/child.ts',
    line: "import type { x } from 'unused'",
    packages: { unused: '1' },
    expected: /^package\.json declares unused, which no file of lib\/ imports$/
  },
  {
    title: 'console',
    file: 'lib/resources/child.ts',
    line: "console.log('here')",
    expected: /^lib\/resources\/child\.ts uses console$/
  },
  {
    title: 'an internal by dot',
    file: 'lib/resources/child.ts',
    line: 'server._handle.fd',
    expected: /^lib\/resources\/child\.ts touches _handle; only lib\/base\/.* may$/
  },
  {
    title: 'an internal by string',
    file: 'lib/resources/child.ts',
    line: "server['_handle']",
    expected: /touches _handle; only/
  },
  {
    title: 'a private symbol of Node',
    file: 'lib/resources/child.ts',
    line: 'Object.getOwnPropertySymbols(socket)',
    expected: /touches getOwnPropertySymbols; only/
  },
  {
    title: 'an internal that is not on the list',
    file: 'lib/base/node-internals.ts',
    line: 'server._connections',
    expected: /^lib\/base\/node-internals\.ts touches _connections, which is not on its list$/
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
