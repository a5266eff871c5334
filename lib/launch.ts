import { availableParallelism, constants } from 'node:os'
import type { Ending } from './base/channel-process.js'
import { LaunchArgumentError, toError } from './base/errors.js'
import { Fleet } from './launcher/fleet.js'
import { statusOf } from './launcher/status.js'
import { type LaunchArguments, parseLaunchArguments } from './pure/launch-arguments.js'
import { enteredDirectory } from './resources/command.js'
import { ControlSocket } from './resources/control-socket.js'
import { LaunchSignals } from './resources/launch-signals.js'
import { PidFile } from './resources/pid-file.js'

/** How long a signal to this process itself may take to end it. Milliseconds. */
const SIGNAL_LIMIT = 100

/**
 * Starts a server and stays the parent of all its generations: a supervisor that watches this process sees one pid from
 * the first start to the last stop. Ends as the server ends.
 *
 * @param args - the command line, see {@link parseLaunchArguments}
 */
export async function launch(args: readonly string[]): Promise<void> {
  try {
    // A log that nobody reads any more is no reason to end: EPIPE, or EIO of a terminal that has hung up.
    process.stderr.on('error', () => {})
    await run(parseLaunchArguments(args))
  } catch (thrown) {
    log(toError(thrown).message)
    process.exit(thrown instanceof LaunchArgumentError ? 2 : 1)
  }
}

async function run({ node, workers, control }: LaunchArguments): Promise<void> {
  const count = workers === 'auto' ? availableParallelism() : workers
  const command = { file: process.execPath, args: node, cwd: enteredDirectory(), env: { ...process.env } }
  let served: object | undefined
  let pidFile: PidFile | undefined
  const fleet = new Fleet(command, count, {
    changed: () => {
      const service = fleet.workers[0]?.current?.service
      if (service === undefined || service === served) return
      if (served === undefined) tellReady()
      served = service
      signals.use(service.signals)
      pidFile = keepPidFile(service.pidFile, pidFile)
    },
    said: passOn,
    log
  })
  const signals = followSignals(fleet)
  const socket = new ControlSocket({ status: () => statusOf(fleet), reload: (reason) => fleet.reload(reason) })
  if (control !== undefined) await socket.openAlone(control)
  await fleet.start()
  const ending = await fleet.ended
  fleet.dispose()
  socket.close()
  pidFile?.remove()
  signals.uninstall()
  endLike(ending)
}

/** The first stop signal drains, the second one forces. */
function followSignals(fleet: Fleet): LaunchSignals {
  let isStopping = false
  const stop = (signal: NodeJS.Signals) => {
    if (isStopping) fleet.force(`second stop signal, ${signal}`)
    else fleet.stop(signal)
    isStopping = true
  }
  return new LaunchSignals({
    stop,
    reload: (signal) => void fleet.reload(signal).catch(({ message }) => log(`reload (${signal}) failed: ${message}`)),
    force: (signal) => fleet.force(signal),
    forward: (signal) => fleet.forward(signal)
  })
}

/** Whoever reads the file wants to send a signal: to this process, which does not change. */
function keepPidFile(path: string | undefined, before: PidFile | undefined): PidFile | undefined {
  if (path === undefined || before !== undefined) return before
  const file = new PidFile(path)
  try {
    file.write()
  } catch (error) {
    log(`the pid file ${path} could not be written: ${toError(error).message}`)
  }
  return file
}

/** To whoever has started this process with a channel. */
function passOn(said: unknown): void {
  if (!process.connected) return
  try {
    process.send?.(said, undefined, undefined, () => {}) // The other side has just gone.
  } catch (error) {
    log(`a message of the server could not be passed on: ${toError(error).message}`)
  }
}

/** pm2 waits for this word when it is told to (`wait_ready`): https://pm2.keymetrics.io/docs/usage/signals-clean-restart/ */
function tellReady(): void {
  if (process.env.pm_id !== undefined) passOn('ready')
}

/** Exits with the same code, or dies by the same signal. */
function endLike({ exitCode, signal }: Ending): void {
  if (signal === null) process.exit(exitCode ?? 1)
  process.kill(process.pid, signal)
  // As PID 1 a process is only sent what it handles: https://man7.org/linux/man-pages/man7/pid_namespaces.7.html
  setTimeout(() => process.exit(128 + constants.signals[signal]), SIGNAL_LIMIT)
}

function log(line: string): void {
  process.stderr.write(`fastify-graceful[${process.pid}]: ${line}\n`)
}
