// Compiled here against lib/, and by the package check against the published files. Never run.
import { type AddressInfo, createServer } from 'node:net'
import Fastify from 'fastify'
import graceful, {
  type CheckResult,
  type ControlCheckLine,
  type ControlReloadLine,
  type ControlScaleLine,
  type ControlStatus,
  type GracefulError,
  type GracefulOptions,
  type GracefulRouteOptions,
  type GracefulStats,
  graceful as named,
  type Phase,
  type ReloadResult,
  type SignalContext
} from 'fastify-graceful-reload'

/** Compiles only if both types are the same. */
export function same<A, B>(..._proof: Same<A, B> extends true ? [] : [never]): void {}
type Same<A, B> = (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false

same<typeof named, typeof graceful>()

// Registration: with and without await, with options as a value or a function, on every kind of server.
const app = Fastify()
app.register(graceful)
app.register(named, { drainTimeout: 20_000 })
await app.register(graceful, () => ({ lameDuck: 5_000 }))
Fastify({ http2: true }).register(graceful, { probation: 0 })
Fastify({ https: {} }).register(graceful, { statusRoute: '/status/ready' })

// Options: all of them, and each with a value that is wrong.
const options: GracefulOptions = {
  signals: { stop: ['SIGTERM'], reload: [], force: ['SIGUSR2'] },
  readyTimeout: 1,
  drainTimeout: 1,
  lameDuck: 1,
  probation: 1,
  health: { check: async () => {}, checkTimeout: 1, hangTimeout: 0, errorShare: 1, leastAnswers: 1 },
  websockets: 'move',
  websocketCloseWindow: 2_000,
  warmup: { paths: ['/'], repeatFor: 500 },
  statusRoute: '/ready',
  pidFile: 'server.pid',
  control: { path: 'control.sock', mode: 0o660, group: 'deploy' },
  env: (env) => ({ ...env, RELEASE: '2' }),
  compileCache: '/var/cache/app'
}
same<graceful.GracefulOptions, GracefulOptions>()
app.register(graceful, options)
app.register(graceful, { signals: false })
// @ts-expect-error unknown option
app.register(graceful, { drainTimeut: 1 })
// @ts-expect-error false, or an object
app.register(graceful, { signals: true })
// @ts-expect-error no such signal
app.register(graceful, { signals: { stop: ['SIGSTOPP'] } })
// @ts-expect-error milliseconds, not a duration in words
app.register(graceful, { drainTimeout: '20s' })
app.register(graceful, { warmup: async (instance) => void (await instance.inject('/')) })
// @ts-expect-error a path
app.register(graceful, { pidFile: 1 })
// @ts-expect-error a path
app.register(graceful, { control: true })
app.register(graceful, { compileCache: false })
// @ts-expect-error the path of a folder, or false
app.register(graceful, { compileCache: true })
// @ts-expect-error must return an environment
app.register(graceful, { env: () => 1 })

app.register(graceful, { health: false })
app.register(graceful, { health: async () => 'well' })
// @ts-expect-error false, a function or an object
app.register(graceful, { health: true })
// @ts-expect-error unknown key
app.register(graceful, { health: { interval: 1 } })

// @ts-expect-error 'close' or 'move'
app.register(graceful, { websockets: 'migrate' })

// What a route says of its WebSockets.
const route: GracefulRouteOptions = { move: true }
same<graceful.GracefulRouteOptions, GracefulRouteOptions>()
app.get('/echo', { config: { graceful: route } }, async () => '')
app.get('/chat', { config: { graceful: { move: (_socket, request) => ({ ip: request.ip }) } } }, async (request) => {
  const arrival = app.graceful.arrival<{ user: string }>(request)
  same<typeof arrival, { readonly state: { user: string } } | undefined>()
  return app.graceful.arrival(request.raw)?.state.room
})
// @ts-expect-error true, false or a function
app.get('/chat', { config: { graceful: { move: 'yes' } } }, async () => '')

// Reload.
const result = await app.gracefulReload({ reason: 'deploy' })
same<typeof result, ReloadResult>()
same<typeof result.generation, number>()
same<typeof result.pid, number>()
same<typeof result.previous, { generation: number; pid: number }>()
same<typeof result.timings.boot, number>()
same<typeof result.health, graceful.ReloadHealth | undefined>()
app.gracefulReload()
// @ts-expect-error unknown key
app.gracefulReload({ because: 'deploy' })
app.post('/admin/reload', async () => app.gracefulReload())
app.post('/admin/reload/reply', async (request) => request.server.gracefulReload())

// app.graceful.
same<typeof app.graceful.phase, Phase>()
same<typeof app.graceful.generation, number>()
same<typeof app.graceful.signal, AbortSignal>()
const release = app.graceful.hold('report')
release()
// @ts-expect-error a hold needs a name
app.graceful.hold()
const onPort = await app.graceful.listen(createServer(), { port: 5_000, host: '127.0.0.1' })
same<typeof onPort, AddressInfo>()
const onPath = await app.graceful.listen(createServer(), { path: '/run/raw.sock' })
same<typeof onPath, AddressInfo | string | null>()
app.graceful.stop()
app.graceful.stop('maintenance')
// @ts-expect-error read only
app.graceful.phase = 'serving'
// @ts-expect-error read only
app.graceful.generation = 2

// Hooks.
app.graceful.addHook('preReload', async ({ reason }) => {
  same<typeof reason, string>()
})
app.graceful.addHook('postReload', async (outcome) => {
  same<typeof outcome, ReloadResult>()
})
app.graceful.addHook('reloadFailed', async (error) => {
  same<typeof error, GracefulError>()
  same<typeof error.code, string>()
  same<typeof error.statusCode, number>()
  same<typeof error.stderr, string[] | undefined>()
})
app.gracefulReload().catch((error: GracefulError) => app.log.error(error.code))
same<graceful.GracefulError, GracefulError>()
same<graceful.GracefulEvents['reload-failed']['err'], GracefulError>()
// @ts-expect-error an object with a reason
app.gracefulReload('now')
// @ts-expect-error an object, or nothing
app.gracefulReload(null)
app.graceful.addHook('drain', async ({ reason }) => {
  same<typeof reason, string>()
})
app.graceful.addHook('preSignal', async (context) => {
  same<typeof context, SignalContext>()
})
app.graceful.addHook('postSignal', ({ signal, action }) => {
  same<typeof signal, NodeJS.Signals>()
  same<typeof action, 'stop' | 'reload' | 'force'>()
})
same<graceful.SignalContext, SignalContext>()
// @ts-expect-error no such hook
app.graceful.addHook('preDrain', async () => {})
// @ts-expect-error a function
app.graceful.addHook('drain', 1)

// The answers of the control interface.
export function workersOf(line: ControlScaleLine): number {
  if (line.event === 'progress') return line.workers ?? 0
  return line.event === 'done' ? line.result.workers + line.result.pids.length : 0
}

export function outcomeOf(line: ControlReloadLine, status: ControlStatus): string {
  const version: 2 = line.version
  if (line.event === 'failed') return line.error.code
  if (line.event === 'done') return `${version} ${line.result.generation satisfies number}`
  // @ts-expect-error only the last line has it
  if (line.event === 'progress') return line.result
  return status.launcher === null ? 'alone' : String(status.workers[0]?.reload?.role)
}
same<graceful.ControlStatus, ControlStatus>()
export function verdictOf(line: ControlCheckLine, status: ControlStatus): string {
  if (line.event === 'failed') return line.error.code
  if (line.event === 'done') return [...line.result.opens, ...line.result.closes].join()
  return status.workers[0]?.check?.step ?? ''
}
app.graceful.check({ reason: 'release 42' }).then((result) => {
  same<typeof result, CheckResult>()
  same<typeof result.timings.warmup, number | undefined>()
})
same<typeof app.graceful.isCheck, boolean>()
// @ts-expect-error an object with a reason
app.graceful.check('now')

// Figures.
export function figuresOf(stats: GracefulStats): number[] {
  const { connections, requests, holds, reloads, draining } = stats
  const { open, upgraded, opened, closed, moved } = connections
  const { succeeded, failed, rolledBack, restarts, last, inProgress, failuresByCode } = reloads
  const seconds = last === null ? 0 : (last.timings.boot ?? 0) + last.timings.total
  const counts = [
    succeeded,
    failed,
    rolledBack,
    restarts,
    ...Object.values(failuresByCode),
    seconds,
    Number(inProgress)
  ]
  return [
    open,
    upgraded,
    opened,
    closed,
    moved,
    requests.inFlight,
    requests.forced,
    holds.open,
    holds.forced,
    draining,
    ...counts
  ]
}
same<typeof app.graceful.stats, () => GracefulStats>()
same<graceful.GracefulStats, GracefulStats>()
same<GracefulStats['phase'], Phase>()
// @ts-expect-error it is asked for, not given
app.graceful.stats({})
// @ts-expect-error a number
figuresOf(app.graceful.stats()).concat('1')
