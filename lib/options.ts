import type { ControlOptions } from './control/place.js'
import type { HealthOptions } from './process/health-options.js'
import type { SignalOptions } from './process/signal-options.js'
import type { Warmup } from './process/warmup-options.js'

/**
 * A value that passes from parent to child when the parent has stopped accepting and before the child begins to:
 * counters, rate limits, a cache. A failing `save` or `load`, or one that does not end within `readyTimeout`, is a
 * failed reload.
 */
export interface StateOptions {
  /**
   * Required. Called in the parent. What it returns arrives whole, or the reload fails: functions, symbols, shared
   * memory, and instances whose content is not in properties (`KeyObject`, `Blob`, `URL` …) cannot pass; an instance
   * with properties arrives as a plain object. Written by v8: https://nodejs.org/api/v8.html#serialization-api
   *
   * @example
   * save: () => ({ visits })
   */
  save: () => unknown
  /**
   * Required. Called in the child, with what `save` has returned.
   *
   * @example
   * load: (saved) => { visits = saved.visits }
   */
  // biome-ignore lint/suspicious/noExplicitAny: only the app knows what it has saved, in another version of itself
  load: (value: any) => unknown
}

/** Options of the plugin. All are optional; durations are in milliseconds. */
export interface GracefulOptions {
  /**
   * Which signal does what; `false` installs no handler at all. Default: SIGTERM and SIGINT stop, SIGHUP reloads, none
   * forces.
   *
   * @example
   * signals: { reload: ['SIGUSR2'] }
   */
  signals?: SignalOptions | false
  /**
   * How long a child may take until it is ready. Then it is killed, and the reload fails. Milliseconds, default 30000.
   *
   * @example
   * readyTimeout: 120_000 // loads a large model first
   */
  readyTimeout?: number
  /**
   * On a stop: how long the work in progress may take before it is cut off. Milliseconds, default 25000.
   *
   * @example
   * drainTimeout: 20_000
   */
  drainTimeout?: number
  /**
   * After a reload: how long the work in progress may take in the process that was replaced, where nobody waits for it.
   * Milliseconds, default: `drainTimeout` if that is given, else 300000.
   *
   * @example
   * reloadDrainTimeout: 600_000 // for downloads
   */
  reloadDrainTimeout?: number
  /**
   * The time limit for the app's own `onClose` hooks, once its work is done. If more of the drain's time is left, that
   * is their limit. Milliseconds, default 5000.
   *
   * @example
   * closeTimeout: 10_000
   */
  closeTimeout?: number
  /**
   * On a stop: how long to go on accepting while the status route already answers 503. Longer than the interval of the
   * balancer's checks times the number that must fail, plus the timeout of a check. Milliseconds, default 0.
   *
   * @example
   * lameDuck: 18_000 // checks every 5 s, with a timeout of 2 s; 3 must fail
   */
  lameDuck?: number
  /**
   * For this long after the handoff, this process takes over again if the child dies or is not well. Open connections
   * move meanwhile. Milliseconds, default 3000; 0: there is no way back.
   *
   * @example
   * probation: 10_000
   */
  probation?: number
  /**
   * When a child on probation is rolled back although it lives: because it hangs, because it answers with more errors
   * than its parent did, or because the app says so; see {@link HealthOptions}. A function: the app's own check, called
   * in the child; throws if it is not well. `false`: only a child that dies is rolled back. Default: hangs and errors
   * are judged.
   *
   * @example
   * health: async () => { await database.query('SELECT 1') }
   */
  health?: false | (() => unknown) | HealthOptions
  /**
   * What happens to open HTTP/1.1 connections at a reload: `'migrate'` moves them to the child, `'close'` lets them end
   * here, announced by `Connection: close`. Default: `'migrate'`.
   *
   * @example
   * connections: 'close'
   */
  connections?: 'migrate' | 'close'
  /**
   * What happens to the WebSockets whose route says nothing about it in its `config.graceful.move`: `'close'` closes
   * them with 1012 (Service Restart) as soon as the child serves, so that the clients connect again, to the new code;
   * `'move'` moves them to the child, for an app in which no route keeps state about a connection. Those with a
   * subprotocol, which a library speaks, only move if their route says so. Default: `'close'`.
   *
   * @example
   * websockets: 'move'
   */
  websockets?: 'close' | 'move'
  /**
   * Over how long the closing of WebSockets is spread after a reload, so that the clients do not come back all at once;
   * and how long one that is pinned has to be let go, from the end of the probation on. Milliseconds, default 1000.
   *
   * @example
   * websocketCloseWindow: 10_000 // thousands of clients
   */
  websocketCloseWindow?: number
  /**
   * Path of a route that answers 200 while serving and 503 in lame duck and on a stop. Default: none.
   *
   * @example
   * statusRoute: '/status/ready'
   */
  statusRoute?: string
  /**
   * Path of a file with the pid of the process that serves now, written atomically. Default: none.
   *
   * @example
   * pidFile: '/run/app/server.pid'
   */
  pidFile?: string
  /**
   * Path of a unix socket, for the commands `fastify-graceful-reload reload`, `status` and so on, of the same user, or
   * of a group that is let in: see {@link ControlOptions}. `false`: none. Default: the path in the environment variable
   * `FASTIFY_GRACEFUL_CONTROL`, if it is set.
   *
   * @example
   * control: '/run/app/control.sock'
   */
  control?: string | false | ControlOptions
  /**
   * Runs when the app is ready and before it listens: paths to `inject`, once, or again and again until the answers no
   * longer become quicker ({@link RepeatedWarmup}); or a function of the app. One that throws, or answers with a status
   * of 500 or more, is a failed boot. Default: none.
   *
   * @example
   * warmup: ['/', '/products']
   */
  warmup?: Warmup
  /**
   * Passes a value to the next generation; see {@link StateOptions}. Default: none.
   *
   * @example
   * state: { save: () => ({ visits }), load: (saved) => { visits = saved.visits } }
   */
  state?: StateOptions
  /**
   * Edits the environment of the child; receives a copy of the one this process was started with. Default: none.
   *
   * @example
   * env: (env) => ({ ...env, RELEASE: '42' })
   */
  env?: (env: NodeJS.ProcessEnv) => NodeJS.ProcessEnv
  /**
   * Path of a private folder in which the generations share what Node has compiled; `false`: they share nothing.
   * Default: a folder of the service manager, or of the user.
   *
   * @example
   * compileCache: '/var/cache/app'
   */
  compileCache?: string | false
  /**
   * Path of the directory in which a reload starts the child. Links in it are resolved at each reload, so name a
   * release folder by the link that leads to it, and not by where that leads now. Default: the directory of the start,
   * by the way it was entered (`$PWD`).
   *
   * @example
   * directory: '/srv/app/current'
   */
  directory?: string
}
