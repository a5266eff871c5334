import { join } from 'node:path'
import t from 'tap'
import type { GracefulOptions } from '../../../lib/options.js'
import { givenOptions, resolveOptions } from '../../../lib/process/resolved-options.js'

const functions = { save: () => 1, load: () => {} }

const defaults = {
  signals: { stop: ['SIGTERM', 'SIGINT'], reload: ['SIGHUP'], force: [] },
  readyTimeout: 30_000,
  drainTimeout: 25_000,
  lameDuck: 0,
  probation: 3_000,
  health: { checkTimeout: 2_000, hangTimeout: 5_000, errorShare: 0.4, leastAnswers: 20 },
  connections: 'migrate',
  websockets: 'close',
  websocketCloseWindow: 1_000,
  statusRoute: undefined,
  pidFile: undefined,
  control: undefined,
  warmup: undefined,
  state: undefined,
  env: undefined,
  compileCache: undefined
}

t.test('every option has its default', async (t) => {
  t.match(resolveOptions({}), defaults)
  const undefinedOptions = Object.fromEntries(Object.keys(defaults).map((name) => [name, undefined]))
  t.match(resolveOptions(undefinedOptions), defaults, 'undefined counts as not given')
  t.strictSame(givenOptions(undefinedOptions), [])
})

const good: Record<string, unknown[]> = {
  signals: [
    false,
    {},
    { stop: [], reload: [], force: [] },
    { stop: ['SIGQUIT'], reload: ['SIGWINCH'] },
    { force: ['SIGABRT'] }
  ],
  readyTimeout: [1, 2 ** 31 - 1],
  drainTimeout: [0, 2 ** 31 - 1],
  lameDuck: [0, 5_000],
  probation: [0, 60_000],
  health: [
    false,
    { checkTimeout: 1, hangTimeout: 0, errorShare: 0, leastAnswers: 1 },
    { check: () => {}, checkTimeout: 100, hangTimeout: 100, errorShare: 1, leastAnswers: 1000 }
  ],
  connections: ['migrate', 'close'],
  websockets: ['close', 'move'],
  websocketCloseWindow: [0, 2_000],
  statusRoute: ['/', '/status/ready'],
  pidFile: ['app.pid', '/run/app.pid'],
  control: [false, { path: '/run/app.sock', mode: 0o600, group: 0 }],
  warmup: [[], ['/', '/a?b=c'], () => {}, { paths: ['/'], repeatFor: 0 }, { paths: [], repeatFor: 5000 }],
  state: [functions],
  env: [(env: NodeJS.ProcessEnv) => env],
  compileCache: [false, 'cache', '/var/cache/app']
}

const durations = [-1, 1.5, Number.NaN, Number.POSITIVE_INFINITY, 2 ** 31, '5000', null, 5n, true, [], {}]
const noText = [null, 0, '', false, {}, ['/']]

const bad: Record<string, unknown[]> = {
  signals: [
    true,
    null,
    'SIGTERM',
    ['SIGTERM'],
    0,
    () => {},
    { hup: ['SIGHUP'] },
    { constructor: ['SIGHUP'] },
    { toString: [] },
    { stop: 'SIGTERM' },
    { stop: ['TERM'] },
    { stop: ['sigterm'] },
    { stop: ['SIGNOSUCH'] },
    { stop: [15] },
    { stop: null },
    { stop: ['SIGKILL'] },
    { reload: ['SIGSTOP'] },
    { reload: ['SIGUSR1'] },
    { force: ['SIGSEGV'] },
    { stop: ['SIGCHLD'] },
    { stop: ['SIGHUP'] },
    { stop: ['SIGUSR2'], reload: ['SIGUSR2'], force: [] },
    { reload: ['SIGTERM'] }
  ],
  readyTimeout: [0, ...durations],
  drainTimeout: durations,
  lameDuck: durations,
  probation: durations,
  health: [
    ...[null, true, 0, 'ok', []],
    { check: 'GET /health' },
    { checks: () => {} },
    { constructor: () => {} },
    ...durations.map((checkTimeout) => ({ checkTimeout })),
    { checkTimeout: 0 },
    ...durations.map((hangTimeout) => ({ hangTimeout })),
    ...[-0.1, 1.1, Number.NaN, '0.4', null].map((errorShare) => ({ errorShare })),
    ...[0, 1.5, -1, '20', null, Number.POSITIVE_INFINITY].map((leastAnswers) => ({ leastAnswers }))
  ],
  connections: [...noText, 'Close', 'move'],
  websockets: [...noText, 'migrate', true],
  websocketCloseWindow: durations,
  statusRoute: [...noText, 'status'],
  pidFile: [...noText, 'a\0b'],
  control: [...noText.filter((value) => value !== false), '\0abstract', { path: 'c', mode: 0o604 }],
  warmup: [
    null,
    '/',
    [1],
    ['/', 'relative'],
    {},
    0,
    { paths: '/' },
    { paths: ['/'], repeatFor: -1 },
    { paths: [], repeat: 1 }
  ],
  state: [null, {}, functions.save, { save: functions.save }, { ...functions, load: 'load' }],
  env: [null, {}, 'PATH', 0],
  compileCache: [true, null, 0, '', 'a\0b', {}, ['/']]
}

for (const name of Object.keys(defaults)) {
  t.test(`option ${name}`, async (t) => {
    for (const value of good[name] ?? [])
      t.doesNotThrow(() => resolveOptions({ [name]: value } as GracefulOptions), `accepts ${String(value)}`)
    for (const value of bad[name] ?? []) {
      const expected = {
        code: 'GRACEFUL_ERR_INVALID_OPTION',
        name: 'FastifyError',
        message: new RegExp(`option ${name}`)
      }
      t.throws(
        () => resolveOptions({ [name]: value } as GracefulOptions),
        expected,
        `refuses ${JSON.stringify(value, text)}`
      )
    }
    t.ok(good[name]?.length && bad[name]?.length, 'both have been tried')
  })
}

function text(_key: string, value: unknown): unknown {
  return ['bigint', 'function', 'number'].includes(typeof value) ? String(value) : value
}

t.test('the path of the pid file does not depend on the directory of who writes it', async (t) => {
  t.equal(resolveOptions({ pidFile: 'app.pid' }).pidFile, join(process.cwd(), 'app.pid'))
  t.equal(resolveOptions({ pidFile: '/run/app.pid' }).pidFile, '/run/app.pid')
})

t.test('the message names option, what is allowed, and the value', async (t) => {
  const message = (given: object) => {
    try {
      resolveOptions(given as GracefulOptions)
    } catch (error) {
      return (error as Error).message
    }
    return undefined
  }
  t.equal(
    message({ drainTimeout: '20s' }),
    "fastify-graceful-reload: option drainTimeout must be a whole number of milliseconds from 0 to 2147483647, received '20s'"
  )
  for (const [signal, why] of [
    ['SIGKILL', 'ends a process at once, and no process can handle it'],
    ['SIGSTOP', 'pauses a process at once, and no process can handle it'],
    ['SIGUSR1', "is Node's own: it starts the inspector"],
    ['SIGPROF', "is that of V8's profiler"],
    ['SIGSEGV', 'means an error in the program itself, after which no JavaScript may run'],
    ['SIGCHLD', 'comes whenever a child process ends, as at each reload'],
    ['SIGPIPE', 'comes whenever a client has gone before its answer']
  ])
    for (const key of ['stop', 'reload', 'force'])
      t.equal(
        message({ signals: { [key]: [signal] } }),
        `fastify-graceful-reload: option signals.${key} must be an array of signal names that a process can handle, like SIGTERM, received [ '${signal}' ]: ${signal} ${why}`
      )
  t.match(message({ signals: { stop: ['TERM'] } }), /received \[ 'TERM' \]; did you mean SIGTERM\?$/)
  t.match(message({ signals: { stop: ['sigterm'] } }), /received \[ 'sigterm' \]; did you mean SIGTERM\?$/)
  t.match(message({ signals: { reload: ['SIGHPU'] } }), /received \[ 'SIGHPU' \]; did you mean SIGHUP\?$/)
  t.match(
    message({ signals: { stop: ['SIGHUP'] } }),
    /option signals must be one meaning for each signal, received SIGHUP in signals\.stop and in signals\.reload \(its default\)$/
  )
  t.match(
    message({ signals: { stop: ['SIGQUIT'], reload: ['SIGQUIT'], force: ['SIGQUIT'] } }),
    /received SIGQUIT in signals\.stop and in signals\.reload and in signals\.force$/
  )
  t.match(message({ signals: { hup: 1 } }), /unknown option signals\.hup; known options: stop, reload, force$/)
  t.match(
    message({ drainTimout: 1 }),
    /unknown option drainTimout; did you mean drainTimeout\? Known options: signals, readyTimeout, .*, directory$/
  )
  t.match(
    message({ signals: { reloads: [] } }),
    /unknown option signals\.reloads; did you mean reload\? Known options: stop, reload, force$/
  )
  t.match(message({ unlike: 1 }), /unknown option unlike; known options: signals, /)
})

t.test('what Fastify itself reads from the options of a plugin is no unknown option', async (t) => {
  const given = { prefix: '/v1', logLevel: 'warn', logSerializers: {}, drainTimeout: 1 } as GracefulOptions
  t.match(resolveOptions(given), { drainTimeout: 1 })
  t.strictSame(givenOptions(given), ['drainTimeout'])
})

t.test('the lists of signals are what was given, without repetition', async (t) => {
  const { signals } = resolveOptions({ signals: { stop: ['SIGTERM', 'SIGTERM'], force: [] } })
  t.strictSame(signals, { stop: ['SIGTERM'], reload: ['SIGHUP'], force: [] })
  t.equal(resolveOptions({ signals: false }).signals, false)
})
