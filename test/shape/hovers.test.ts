import { readFileSync } from 'node:fs'
import { type AddressInfo, createServer } from 'node:net'
import { join, resolve } from 'node:path'
import { parse } from 'acorn'
import Fastify, { type FastifyInstance } from 'fastify'
import { type Test, test } from 'tap'
import { InvalidOptionError } from '../../lib/errors.js'
import { Graceful } from '../../lib/graceful.js'
import graceful from '../../lib/index.js'
import { type ResolvedOptions, resolveOptions } from '../../lib/process/resolved-options.js'
import { additionsTo, exampleIn, type Method, methodsOf, textOf, uncommentedIn } from './hovers.js'
import { type Member, membersOf } from './reference.js'

// What an editor shows of an option, of a decorator and so on: what it is for, its default, its unit, and an example.

const root = resolve(__dirname, '../../..')
const read = (path: string) => readFileSync(join(root, path), 'utf8')
const defaults = resolveOptions({})

/** The options that are objects: where their types are, and the defaults of their parts, as far as those are numbers. */
const PARTS = [
  ['health', 'lib/process/health-options.ts', 'HealthOptions', defaults.health],
  ['signals', 'lib/process/signal-options.ts', 'SignalOptions', {}],
  ['control', 'lib/control/place.ts', 'ControlOptions', {}],
  ['warmup', 'lib/process/warmup-options.ts', 'RepeatedWarmup', resolveOptions({ warmup: { paths: [] } }).warmup],
  ['state', 'lib/options.ts', 'StateOptions', {}]
] as const

/** Numbers that are no milliseconds, and what they are instead. */
const UNITS: Record<string, RegExp> = {
  'health.errorShare': /From 0 to 1/,
  'health.leastAnswers': /How many answers/,
  'control.mode': /as of `chmod`/
}

/** The options that limit what a decorator or a hook does. */
const WAITS: Record<string, ReadonlyArray<keyof ResolvedOptions>> = {
  gracefulReload: ['probation'],
  hold: ['drainTimeout', 'reloadDrainTimeout'],
  pin: ['websocketCloseWindow'],
  stop: ['drainTimeout'],
  rollback: ['probation'],
  preReload: ['readyTimeout'],
  postReload: ['drainTimeout'],
  reloadFailed: ['drainTimeout'],
  drain: ['drainTimeout', 'reloadDrainTimeout'],
  preSignal: ['drainTimeout'],
  postSignal: ['drainTimeout']
}

/** The reason for the log where none is given. */
const REASONS: Record<string, string> = {
  gracefulReload: 'gracefulReload()',
  check: 'graceful.check()',
  stop: 'stop()',
  rollback: 'rollback()'
}

/** The types of what decorators return and hooks receive. */
const RESULTS: Record<string, string[]> = {
  'lib/reload/reload-result.ts': ['GenerationId', 'ReloadTimings', 'ReloadResult'],
  'lib/reload/check-result.ts': ['CheckTimings', 'CheckResult'],
  'lib/reload/reload-health.ts': ['ReloadHealth'],
  'lib/reload/release.ts': ['Release'],
  'lib/metrics/stats.ts': ['GracefulStats'],
  'lib/process/hooks.ts': ['SignalContext', 'GracefulHooks']
}

const decorators = methodsOf(read('lib/graceful.ts'), 'export class Graceful')
const additions = additionsTo('fastify', read('lib/index.ts'))
const [reload] = methodsOf(additions, 'export interface FastifyInstance') as [Method]
const hooks = membersOf(read('lib/process/hooks.ts'), 'GracefulHooks')

test('of an option', async (t) => {
  const options = membersOf(read('lib/options.ts'), 'GracefulOptions')
  t.strictSame(options.map(({ name }) => name).sort(), Object.keys(defaults).sort())
  for (const option of options) checkOption(t, option, defaults[option.name as keyof ResolvedOptions])
})

test('of a part of an option', async (t) => {
  for (const [option, file, type, values] of PARTS) {
    const parts = membersOf(read(file), type)
    t.ok(parts.length > 1, option)
    for (const part of parts) checkOption(t, part, (values as Record<string, unknown>)[part.name], `${option}.`)
  }
})

test('of what a route says about its WebSockets', async (t) => {
  const [graceful] = membersOf(additions, 'FastifyContextConfig') as [Member]
  const parts = membersOf(read('lib/connections/websocket-routes.ts'), 'GracefulRouteOptions')
  t.strictSame(
    [graceful, ...parts].map(({ name }) => name),
    ['graceful', 'move']
  )
  for (const part of [graceful, ...parts]) checkOption(t, part, undefined)
  t.match(textOf((parts[0] as Member).comment), new InvalidOptionError('', '', '').code)
})

test('of a decorator', async (t) => {
  const [own] = membersOf(additions, 'FastifyInstance') as [Member]
  t.equal(own.name, 'graceful')
  const names = decorators.map(({ name }) => name)
  const members = Object.getOwnPropertyNames(Graceful.prototype).filter((name) => name !== 'constructor')
  t.strictSame([...new Set(names)].sort(), members.sort())
  t.equal(names.filter((name) => name === 'listen').length, 2, 'each overload')
  for (const { name, comment } of [own, reload, ...decorators]) {
    t.match(textOf(comment), /^[A-Z1].{20}/, name)
    const example = exampleIn(comment) ?? ''
    t.match(example, /^graceful/.test(name) ? `app.${name}` : `app.graceful.${name}`, name)
    t.doesNotThrow(() => parse(`async () => {${example}\n}`, { ecmaVersion: 'latest' }), example)
    checkWaits(t, name, comment)
    const reason = REASONS[name]
    if (reason !== undefined) t.match(textOf(comment), `Default: \`'${reason}'\``, name)
  }
})

test('of what a decorator throws', async (t) => {
  const app = Fastify()
  await app.register(graceful)
  const taken = createServer()
  await new Promise<void>((resolve) => taken.listen(0, resolve))
  const { port } = taken.address() as AddressInfo
  const calls = failingCalls(app, port)
  for (const { name, comment } of [reload, ...decorators]) {
    const failing = calls[name] ?? []
    t.equal(comment.includes('@throws'), failing.length > 0, name)
    for (const call of failing) t.match(textOf(comment), await codeOf(call), name)
  }
  taken.close()
  await app.close()
})

test('of a hook', async (t) => {
  t.ok(hooks.length > 5)
  for (const { name, comment } of hooks) {
    const example = exampleIn(comment) ?? ''
    t.match(example, `app.graceful.addHook('${name}', `)
    t.doesNotThrow(() => parse(example, { ecmaVersion: 'latest' }), example)
    t.match(textOf(comment), /If it throws/, name)
    t.ok(checkWaits(t, name, comment), name)
  }
})

test('of the fields of a result', async (t) => {
  for (const [file, types] of Object.entries(RESULTS))
    for (const type of types) {
      const members = membersOf(read(file), type)
      t.ok(members.length > 0, type)
      t.strictSame(uncommentedIn(read(file), type), [], type)
      for (const { name, comment, isOptional } of members) {
        if (isOptional) t.match(comment, /undefined/i, `${type}.${name}`)
        const isDuration = /Timings$/.test(type) || ['timings', 'uptime', 'age'].includes(name)
        if (isDuration) t.match(textOf(comment), /\bmilliseconds\b/i, `${type}.${name}`)
      }
    }
})

test('doc comments are read', async (t) => {
  const source = `export class A {
  readonly #hidden = 1

  constructor() {
    this.run(1)
  }

  /** Runs. */
  run(how: string): void
  /**
   * Runs twice.
   *
   * @example
   * a.run(2)
   *
   * @param how - often
   */
  run(how: number): void
  run(how: unknown): void {
    go(how)
  }

  // biome-ignore lint: because
  get bare(): string {
    return ''
  }
}

export interface B {
  /** One. */
  one: 1
  two?: {
    /** Three. */
    three: 3
    four: 4
  }
}`
  const methods = methodsOf(source, 'export class A')
  t.strictSame(
    methods.map(({ name, comment }) => [name, textOf(comment), exampleIn(comment)]),
    [
      ['run', 'Runs.', undefined],
      ['run', 'Runs twice. @param how - often', 'a.run(2)'],
      ['bare', '', undefined]
    ]
  )
  t.strictSame(uncommentedIn(source, 'B'), ['two', 'four'])
  t.strictSame(
    additionsTo('b', "declare module 'b' {\n  interface C {\n    c: 1\n  }\n}\n"),
    ['export interface C {', '  c: 1', '}', ''].join('\n')
  )
})

/**
 * Checks the default and the unit of an option, and its example.
 *
 * @param value - the default
 * @param of - the option that it is a part of, with a dot
 */
function checkOption(t: Test, { name, comment, type, isOptional }: Member, value: unknown, of = ''): void {
  const text = textOf(comment)
  t.match(text, isOptional ? /\bdefault\b/i : /^Required\./, of + name)
  if (typeof value === 'number') t.match(text, new RegExp(`[Dd]efault\\b[^.]* ${value}\\b`), of + name)
  if (typeof value === 'string') t.match(text, `Default: \`'${value}'\``, of + name)
  if (/\bnumber\b/.test(type) && type !== 'string | number')
    t.match(text, UNITS[of + name] ?? /\bMilliseconds\b/, of + name)
  const example = exampleIn(comment) ?? ''
  t.match(example, new RegExp(`^${name}: `), of + name)
  t.doesNotThrow(() => parse(`({${example}\n})`, { ecmaVersion: 'latest' }), example)
}

/** Checks that a text names the options that limit something, with their defaults. Returns whether any do. */
function checkWaits(t: Test, name: string, comment: string): boolean {
  const options = WAITS[name] ?? []
  for (const option of options)
    t.match(textOf(comment), new RegExp(`\\b${option}\\b.{0,20}\\bdefault ${defaults[option]} milliseconds`), name)
  return options.length > 0
}

/** Calls with which the decorators fail. */
function failingCalls(app: FastifyInstance, takenPort: number): Record<string, Array<() => unknown>> {
  const { graceful } = app
  const wrong = 1 as never
  return {
    gracefulReload: [() => app.gracefulReload(wrong), () => app.gracefulReload({ reason: wrong })],
    check: [() => graceful.check(wrong), () => graceful.check({ reason: wrong })],
    stop: [() => graceful.stop(wrong)],
    rollback: [() => graceful.rollback(wrong), () => graceful.rollback()],
    addHook: [() => graceful.addHook('onClose' as 'drain', async () => {}), () => graceful.addHook('drain', wrong)],
    listen: [() => graceful.listen(createServer(), { port: takenPort })]
  }
}

async function codeOf(call: () => unknown): Promise<string> {
  try {
    await call()
  } catch (error) {
    return (error as { code: string }).code
  }
  throw new Error(`no error: ${call}`)
}
