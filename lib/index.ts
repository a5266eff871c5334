import type { FastifyInstance, FastifyPluginAsync } from 'fastify'
import fp from 'fastify-plugin'
import type * as routes from './connections/websocket-routes.js'
import { watchRoute } from './connections/websocket-routes.js'
import type * as answers from './control/messages.js'
import type * as control from './control/place.js'
import type * as errors from './errors.js'
import type * as events from './events.js'
import { Graceful } from './graceful.js'
import type * as stats from './metrics/stats.js'
import type * as options from './options.js'
import type * as health from './process/health-options.js'
import type * as hooks from './process/hooks.js'
import { reasonOf } from './process/reason.js'
import type * as signals from './process/signal-options.js'
import { rememberStart, thisProcess } from './process/this-process.js'
import { warmUp } from './process/warmup.js'
import type * as warmups from './process/warmup-options.js'
import type * as phases from './protocol/phases.js'
import type * as checks from './reload/check-result.js'
import type * as reloadHealth from './reload/reload-health.js'
import type * as results from './reload/reload-result.js'

// The one thing that the import itself does: later would be too late.
rememberStart()

/** The plugin, which is also its own named and default export. */
interface GracefulPlugin extends FastifyPluginAsync<options.GracefulOptions> {
  /** The plugin, for `import { graceful } from 'fastify-graceful-reload'`. */
  graceful: GracefulPlugin
  /** The plugin, for compilers that ask a CommonJS module for its `default`. */
  default: GracefulPlugin
}

const registered = fp(register, { fastify: '5.x || 6.x', name: 'fastify-graceful-reload' })

const graceful: GracefulPlugin = Object.assign(registered, {
  graceful: registered,
  default: registered
}) as GracefulPlugin

// Node finds the names that an ES module can import by reading this text, not by running it:
// https://github.com/nodejs/cjs-module-lexer#exports-object-assignment
exports.graceful = graceful
exports.default = graceful

async function register(app: FastifyInstance, given: options.GracefulOptions): Promise<void> {
  const server = thisProcess()
  const { apps } = server
  const { warmup } = given
  const hosted = apps.enroll(app, given, warmup && (() => warmUp(app, warmup, (warning) => server.warn(warning))))
  app.decorate('graceful', new Graceful(server, hosted))
  app.decorate('gracefulReload', async (given) => server.reload(reasonOf(given)))
  const areMoved = hosted.options.websockets === 'move'
  app.addHook('onRoute', (route) => watchRoute(route, (request) => server.webSockets.admit(request, areMoved)))
  // Elsewhere not before it listens: an app that only answers to `inject` closes as without the plugin.
  if (apps.awaitsListening) app.addHook('onReady', async () => hosted.seeClose())
  app.addHook('onListen', async () => apps.listening(hosted))
  app.addHook('onClose', async () => apps.closed(hosted))
  addStatusRoute(app, () => apps.isInRotation(hosted), hosted.options.statusRoute)
}

function addStatusRoute(app: FastifyInstance, isInRotation: () => boolean, path: string | undefined): void {
  if (path === undefined) return
  app.get(path, { logLevel: 'warn' }, async (_request, reply) => {
    const { phase, generation } = app.graceful
    return reply
      .code(isInRotation() ? 200 : 503)
      .header('cache-control', 'no-store')
      .send({ phase, generation })
  })
}

declare namespace graceful {
  export type GracefulOptions = options.GracefulOptions
  export type SignalOptions = signals.SignalOptions
  export type HealthOptions = health.HealthOptions
  export type StateOptions = options.StateOptions
  export type Warmup = warmups.Warmup
  export type ControlOptions = control.ControlOptions
  export type ControlStatus = answers.ControlStatus
  export type ControlHealth = answers.ControlHealth
  export type ControlReloadLine = answers.ControlReloadLine
  export type ControlCheckLine = answers.ControlCheckLine
  export type ControlScaleLine = answers.ControlScaleLine
  export type ControlStop = answers.ControlStop
  export type ControlError = answers.ControlError
  export type GracefulRouteOptions = routes.GracefulRouteOptions
  export type Phase = phases.Phase
  export type ReloadHealth = reloadHealth.ReloadHealth
  export type ReloadResult = results.ReloadResult
  export type GracefulStats = stats.GracefulStats
  export type CheckResult = checks.CheckResult
  export type GracefulHooks = hooks.GracefulHooks
  export type SignalContext = hooks.SignalContext
  export type GracefulEvents = events.GracefulEvents
  export type GracefulError = errors.GracefulError
  export type ChildExitedDetails = errors.ChildExitedDetails
  export type GracefulDecorator = Graceful
}

declare module 'fastify' {
  interface FastifyContextConfig {
    /**
     * What happens to the WebSockets of this route at a reload. Default: what the option `websockets` says.
     *
     * @example
     * graceful: { move: true }
     */
    graceful?: routes.GracefulRouteOptions
  }
  interface FastifyInstance {
    /**
     * What this process is doing, and what an app can ask of this plugin: hold a drain, add hooks, listen on further
     * servers, check, stop. Undefined until the plugin is loaded: `await app.register(graceful)`.
     *
     * @example
     * app.graceful.addHook('drain', async () => queue.close())
     */
    graceful: Graceful
    /**
     * Reloads: starts a successor, hands the listening sockets over to it, and leaves.
     *
     * Resolves when the successor has taken over and outlived its probation (default 3000 milliseconds). Rejects with a
     * {@link graceful.GracefulError}, whose code begins with `GRACEFUL_ERR_`, when the reload failed or was rolled
     * back; this process goes on serving then.
     *
     * @example
     * const { generation, pid } = await app.gracefulReload({ reason: 'deploy' })
     *
     * @param options - `reason`, for the log. Default: `'gracefulReload()'`
     * @throws {InvalidArgumentError} as a rejection, `GRACEFUL_ERR_INVALID_ARGUMENT` if it is given anything but an
     *   object with a reason
     * @throws {InvalidReasonError} as a rejection, `GRACEFUL_ERR_INVALID_REASON` if the reason is no string
     */
    gracefulReload(options?: { reason?: string }): Promise<results.ReloadResult>
  }
}

export = graceful
