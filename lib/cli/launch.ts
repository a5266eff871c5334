import { constants } from 'node:os'
import { UsageError } from '../control/errors.js'
import { ownVersion } from '../control/own-version.js'
import { UnsupportedError } from '../errors.js'
import { Launcher } from '../launcher/launcher.js'
import { LauncherLog } from '../launcher/log.js'
import { REFUSED } from '../launcher/refused-command-line.js'
import type { Ending } from '../process/channel-process.js'
import { loadModulesNow } from '../process/later-modules.js'
import { RUNTIME } from '../util/runtime.js'
import { toError } from '../util/to-error.js'
import { surviveBrokenOutput } from './broken-output.js'
import { parseLaunchArguments } from './launch-arguments.js'
import { ownOptionForApp, ownOptionIn } from './node-arguments.js'
import { readOptions } from './option-reader.js'
import { LAUNCH_OPTIONS } from './options.js'
import { usage, withAdvice } from './usage.js'

/** How long a signal to this process itself may take to end it. Milliseconds. */
const SIGNAL_LIMIT = 100

const launcherLog = new LauncherLog()
const log = launcherLog.write

/**
 * Starts a server and stays the parent of all its generations: a supervisor that watches this process sees one pid from
 * the first start to the last stop. Ends as the server ends.
 *
 * @param args - the command line, see {@link parseLaunchArguments}
 */
export async function launch(args: readonly string[]): Promise<void> {
  try {
    const told = toldOnly(args)
    if (told !== undefined) {
      surviveBrokenOutput(false)
      return void process.stdout.write(told)
    }
    // A deployment may remove the folder of this package, and those of others beside it.
    loadModulesNow()
    if (RUNTIME !== 'Node') throw new UnsupportedError(`on ${RUNTIME}`, 'start the server without the launcher')
    const settings = parseLaunchArguments(args, process.env)
    if (!args.includes('--')) tellOfMisplaced(settings.node)
    const launcher = new Launcher(settings, {
      log,
      say: launcherLog.say,
      logsTo: (fd) => launcherLog.follow(fd),
      ready: tellReady,
      foreign: passOn
    })
    const ending = await launcher.run()
    if (ending.exitCode === REFUSED) explain(settings.node)
    endLike(ending)
  } catch (thrown) {
    const { message } = toError(thrown)
    const isUsage = thrown instanceof UsageError
    log(isUsage ? withAdvice(message) : message, 'fatal')
    process.exit(isUsage ? 2 : 1)
  }
}

/** The text for `--help` or `--version`, which this process prints in place of a start. */
function toldOnly(args: readonly string[]): string | undefined {
  const { help, version } = readOptions(args, LAUNCH_OPTIONS).values
  if (help === true) return usage()
  return version === true ? `${ownVersion()}\n` : undefined
}

/**
 * Logs an option of the launcher that stands behind the script. An app may have an option of the same name; but a user
 * who forgot the order gets one server in place of four.
 */
function tellOfMisplaced(node: readonly string[]): void {
  const own = ownOptionForApp(node)
  if (own === undefined) return
  log(
    `${own} follows the script, so the app gets it; options of fastify-graceful-reload come before the script`,
    'info'
  )
}

/** Node says which option is bad, and not that there is a place where it is not. */
function explain(node: readonly string[]): void {
  const own = ownOptionIn(node)
  if (own !== undefined) log(`${own} is an option of fastify-graceful-reload only before the options of Node`)
}

/** To the program that started this process with a channel. */
function passOn(said: unknown): void {
  if (!process.connected) return
  try {
    process.send?.(said, undefined, undefined, () => {}) // The other side has just gone.
  } catch (error) {
    log(`a message of the server could not be passed on: ${toError(error).message}`)
  }
}

/** pm2 waits for this message with `wait_ready`: https://pm2.keymetrics.io/docs/usage/signals-clean-restart/ */
function tellReady(): void {
  if (process.env.pm_id !== undefined) passOn('ready')
}

/** Exits with the same code, or dies by the same signal. */
function endLike({ exitCode, signal }: Ending): void {
  if (signal === null) process.exit(exitCode ?? 1)
  launcherLog.flush()
  process.kill(process.pid, signal)
  // As PID 1 a process is only sent what it handles: https://man7.org/linux/man-pages/man7/pid_namespaces.7.html
  setTimeout(() => process.exit(128 + constants.signals[signal]), SIGNAL_LIMIT)
}
