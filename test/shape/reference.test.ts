import { readFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { inspect } from 'node:util'
import { test } from 'tap'
import { COMMANDS, LOCAL_COMMANDS } from '../../lib/cli/commands.js'
import { COMMAND_OPTIONS, LAUNCH_OPTIONS } from '../../lib/cli/options.js'
import { Graceful } from '../../lib/graceful.js'
import { resolveOptions } from '../../lib/process/resolved-options.js'
import { headingsIn, membersOf, rowsIn, sectionOf } from './reference.js'

const root = resolve(__dirname, '../../..')
const read = (path: string) => readFileSync(join(root, path), 'utf8')
const page = read('docs/api.md')
const options = membersOf(read('lib/options.ts'), 'GracefulOptions')
const defaults: Record<string, unknown> = { ...resolveOptions({}) }

/** The options that are objects, but for `health`: where their types are. */
const PARTS = [
  ['signals', 'lib/process/signal-options.ts', 'SignalOptions'],
  ['control', 'lib/control/place.ts', 'ControlOptions'],
  ['warmup', 'lib/process/warmup-options.ts', 'RepeatedWarmup'],
  ['state', 'lib/options.ts', 'StateOptions']
] as const

/** A section of docs/api.md, on one line. */
const told = (heading: string) => (sectionOf(page, heading) ?? '').replace(/\s+/g, ' ')

test('docs/api.md has each option, with its default', async (t) => {
  const names = options.map(({ name }) => name)
  t.ok(names.length > 15)
  t.strictSame(headingsIn(sectionOf(page, '## Options') ?? '', '###').sort(), [...names].sort())
  t.strictSame(Object.keys(defaults).sort(), [...names].sort())
  for (const { name } of options) {
    const value = defaults[name]
    // The default of `health` consists of other defaults, which have their own sections.
    const isPlain = value !== undefined && name !== 'health'
    t.match(told(`### \`${name}\``), isPlain ? withDefault(value) : /Default: /, name)
  }
})

test('docs/api.md has each part of an option that is an object', async (t) => {
  const { health } = resolveOptions({})
  const parts = membersOf(read('lib/process/health-options.ts'), 'HealthOptions').map(({ name }) => name)
  const section = sectionOf(page, '## Health of a release') ?? ''
  t.strictSame(
    headingsIn(section, '###'),
    parts.map((name) => `health.${name}`)
  )
  for (const [name, value] of Object.entries(health)) t.match(told(`### \`health.${name}\``), withDefault(value), name)
  for (const [option, file, type] of PARTS) {
    const members = membersOf(read(file), type)
    t.ok(members.length > 1, type)
    for (const { name } of members) t.match(told(`### \`${option}\``), new RegExp(`\\b${name}\\b`), `${option}.${name}`)
  }
})

test('the options of the README are options, with their defaults', async (t) => {
  const table = sectionOf(read('README.md'), '## Main options') ?? ''
  const rows = [...table.matchAll(/^\| \[`(\w+)`\]\(docs\/api\.md#(\w+)\) \| (.+?) \|/gm)]
  t.equal(rows.length, rowsIn(table).length)
  for (const [, name = '', anchor, shown = ''] of rows) {
    t.ok(Object.hasOwn(defaults, name), name)
    t.equal(anchor, name.toLowerCase())
    if (['number', 'string'].includes(typeof defaults[name])) t.equal(shown, `\`${inspect(defaults[name])}\``, name)
  }
})

test('docs/api.md has each decorator', async (t) => {
  const members = Object.entries(Object.getOwnPropertyDescriptors(Graceful.prototype))
    .filter(([name]) => name !== 'constructor')
    .map(([name, { value }]) => `app.graceful.${name}${typeof value === 'function' ? '()' : ''}`)
  t.ok(members.length > 10)
  const headings = headingsIn(sectionOf(page, '## Decorators') ?? '', '###')
  t.strictSame(headings.sort(), ['app.gracefulReload()', ...members].sort())
})

test('docs/api.md has each field of the result of a reload', async (t) => {
  const source = read('lib/reload/reload-result.ts')
  const fields = ['GenerationId', 'ReloadResult', 'ReloadTimings'].flatMap((type) => membersOf(source, type))
  t.ok(fields.length > 10)
  for (const { name } of fields) t.match(told('### `app.gracefulReload()`'), `\`${name}\``)
})

test('docs/api.md has each hook, event and phase, and no other', async (t) => {
  const hooks = membersOf(read('lib/process/hooks.ts'), 'GracefulHooks').map(({ name }) => name)
  t.strictSame(rowsIn(sectionOf(page, '## Hooks') ?? ''), hooks)

  const events = membersOf(read('lib/events.ts'), 'GracefulEvents')
  const section = sectionOf(page, '## Events') ?? ''
  t.strictSame(
    rowsIn(section),
    events.map(({ name }) => name)
  )
  for (const { name, type } of events) {
    const fields = [...type.matchAll(/(\w+\??): /g)].map(([, field]) => field).join(', ')
    t.match(section, `\n| \`${name}\` | \`{ ${fields} }\` |`)
  }

  const [, union = ''] = /^export type Phase = (.*)$/m.exec(read('lib/protocol/phases.ts')) ?? []
  const phases = [...union.matchAll(/'([\w ]+)'/g)].map(([, name]) => name)
  t.ok(phases.length > 5)
  t.strictSame(rowsIn(sectionOf(page, '## Phases') ?? ''), phases)
})

test('docs/api.md has each command and each option of the command line', async (t) => {
  const launcher = rowsIn(sectionOf(page, '### Options of the launcher') ?? '')
  t.strictSame(launcher.map(nameOf), Object.keys(LAUNCH_OPTIONS))
  const commands = sectionOf(page, '### Commands') ?? ''
  t.strictSame(rowsIn(commands).map(nameOf).sort(), Object.keys(COMMAND_OPTIONS).sort())
  for (const name of [...Object.keys(COMMANDS), ...Object.keys(LOCAL_COMMANDS)])
    t.match(commands, new RegExp(`^- \\*\\*\`${name}\\b`, 'm'), name)
})

test('docs/api.md has each type', async (t) => {
  const types = [...read('lib/index.ts').matchAll(/^ {2}export type (\w+) = /gm)].map(([, name]) => name)
  t.ok(types.length > 15)
  const section = sectionOf(page, '## Types') ?? ''
  const shown = [...section.matchAll(/^\| (.+?) \|/gm)].flatMap(([, cell = '']) => [...cell.matchAll(/`(\w+)`/g)])
  t.strictSame(shown.map(([, name]) => name).sort(), types.sort())
})

test('a section ends at the next heading of its level', async (t) => {
  const text = '# a\none\n## b\ntwo\n### `c`\nthree\n## d\nfour'
  t.equal(sectionOf(text, '## b'), 'two\n### `c`\nthree')
  t.equal(sectionOf(text, '## d'), 'four')
  t.equal(sectionOf(text, '## e'), undefined)
  t.strictSame(headingsIn(text, '###'), ['c'])
})

test('the members of an interface are read', async (t) => {
  const source =
    "export interface A {\n  /**\n   * One: 1.\n   */\n  one?: number\n  // why\n  'two-three': { a: 1 }\n}\n\nexport interface B {\n  four: 4\n}\n"
  t.strictSame(membersOf(source, 'A'), [
    { name: 'one', comment: '  /**\n   * One: 1.\n   */\n', type: 'number', isOptional: true },
    { name: 'two-three', comment: '', type: '{ a: 1 }', isOptional: false }
  ])
  t.strictSame(
    membersOf(source, 'B').map(({ name }) => name),
    ['four']
  )
})

function withDefault(value: unknown): RegExp {
  const escaped = inspect(value)
    .replace(/\s+/g, ' ')
    .replace(/[.*+?^${}()|[\]\\]/g, '\\$&')
  return new RegExp(`[Dd]efault: (\`drainTimeout\` if that is set, otherwise )?\`${escaped}\``)
}

/** `--control <path>` is the option `control`. */
function nameOf(option: string): string | undefined {
  return /^--([\w-]+)/.exec(option)?.[1]
}
