import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { isMainThread } from 'node:worker_threads'
import { onChannelEnd } from './internals/channel-end.js'
import { gatherLoadedFiles } from './internals/loaded-files.js'
import { Envelope } from './process/envelope.js'
import { checkerOf, HANDOFF_VARIABLE, isWatchedBy, secretOf } from './reload/handoff-flag.js'
import { LastWords } from './reload/last-words.js'
import type { StartCommand } from './reload/start-command.js'

/**
 * Node loads this file into the child of a reload before the app. So the parent also learns of an error that ends the
 * child before it imports this plugin: a missing package, a missing export, a syntax error. The parent adds the option
 * to `NODE_OPTIONS`; this file removes it again before the app can see it or pass it on.
 * https://nodejs.org/api/cli.html#-r---require-module
 */

const WATCH = Symbol.for('fastify-graceful-reload.boot-watch.1')
const MARKER = 'FASTIFY_GRACEFUL_BOOT_WATCH'

/** Where this file is; not in an app that was bundled into one file, which has no `__dirname` if it is an ES module. */
const FILE = typeof __dirname === 'string' ? join(__dirname, 'boot-watch.js') : ''

/** What lets Node read the archives of Yarn, in which this file may lie too: https://yarnpkg.com/features/pnp */
const ARCHIVES = /\.pnp\.c?js$/

/** Has the process that is started in this way watched. */
export function watchBoot({ env, args }: Pick<StartCommand, 'env' | 'args'>): void {
  if (!existsSync(FILE)) return
  // What `NODE_OPTIONS` names is loaded before what the command line names. Nothing is loaded twice.
  const archives = args.map((arg) => arg.replace(/^--require=/, '')).filter((arg) => ARCHIVES.test(arg))
  const isReadable = archives.length > 0 || /\.pnp\.c?js\b/.test(env.NODE_OPTIONS ?? '')
  if (process.versions.pnp !== undefined && !isReadable) return
  const option = [...archives, FILE].map((file) => `--require=${JSON.stringify(file)}`).join(' ')
  env[MARKER] = option
  env.NODE_OPTIONS = [env.NODE_OPTIONS, option].filter((part) => part !== undefined && part !== '').join(' ')
}

/** Takes back what {@link watchBoot} has added. */
export function hideBootWatch(env: NodeJS.ProcessEnv): void {
  const { NODE_OPTIONS: options = '', [MARKER]: option } = env
  delete env[MARKER]
  if (option === undefined || !options.endsWith(option)) return
  const rest = options.slice(0, -option.length).trimEnd()
  if (rest === '') delete env.NODE_OPTIONS
  else env.NODE_OPTIONS = rest
}

/** This plugin has been imported, perhaps in another version: it looks after itself. */
export function endBootWatch(): void {
  const holder = globalThis as { [WATCH]?: { dispose(): void } | undefined }
  holder[WATCH]?.dispose()
  holder[WATCH] = undefined
}

/** How often the child of a check looks whether its parent lives. Milliseconds. */
const LOOK_INTERVAL = 100

/**
 * The child of a check ends with the process that checks it. Whatever version of this plugin the release has: an
 * earlier one would take itself for the child of a reload whose parent has died, and serve.
 */
function endWith(parent: number): void {
  const end = () => process.kill(process.pid, 'SIGKILL')
  onChannelEnd(end)
  setInterval(() => process.ppid !== parent && end(), LOOK_INTERVAL).unref()
}

/** Node loads this file into worker threads as well. */
if (process.env[MARKER] !== undefined && isMainThread) {
  hideBootWatch(process.env)
  const flag = process.env[HANDOFF_VARIABLE]
  if (isWatchedBy(flag)) gatherLoadedFiles()
  const checker = checkerOf(flag)
  if (checker !== undefined) endWith(checker)
  ;(globalThis as { [WATCH]?: unknown })[WATCH] = new LastWords(new Envelope(secretOf(flag)))
}
