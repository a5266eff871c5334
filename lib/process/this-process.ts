import { endBootWatch } from '../boot-watch.js'
import { gatherLoadedFiles } from '../internals/loaded-files.js'
import { descriptorsOf, isWatchedBy, launcherControlOf, launcherOf, secretOf, spareOf } from '../reload/handoff-flag.js'
import { LastWords } from '../reload/last-words.js'
import { Command } from '../reload/restart-command.js'
import { takeFlag } from '../sockets/inherited-listeners.js'
import { watchListenCalls } from '../sockets/listen-hook.js'
import { type PassedSockets, takeActivation } from '../sockets/socket-activation.js'
import { explainTakenPorts } from '../sockets/udp-sockets.js'
import { findServiceManager, ServiceManager } from '../systemd/notify.js'
import { os } from '../util/os.js'
import { type Timers, takeTimers } from '../util/timers.js'
import { AppDescriptors } from './descriptors.js'
import { Envelope } from './envelope.js'
import { LauncherClient } from './launcher-client.js'
import { ServerProcess } from './server-process.js'

/**
 * The state that truly is one per process: signals, listening sockets and the way out belong to the process, not to an
 * app. It stands on `globalThis` because a process can load this package twice, from two `node_modules`, and one signal
 * must still make one child.
 */
interface ProcessState {
  readonly command: Command
  readonly descriptors: AppDescriptors
  /** What the parent left in the environment; undefined once it has been used. */
  flag: string | undefined
  readonly launcher: LauncherClient | undefined
  readonly manager: ServiceManager | undefined
  readonly timers: Timers
  /** What the service manager left; undefined once it has been used. */
  passed: PassedSockets | undefined
  server?: ServerProcess | undefined
  lastWords?: LastWords | undefined
  generation: number
}

const KEY = Symbol.for('fastify-graceful-reload.process.1')

/**
 * A function stands there: of an object, Jest takes the properties away when the test file is over that has left it.
 */
function state(): ProcessState {
  const globals = globalThis as { [KEY]?: () => ProcessState }
  if (globals[KEY] === undefined) {
    const current = begin()
    globals[KEY] = () => current
    // From the start: a server may listen before an app is registered, and has to be handed over all the same.
    watchListenCalls((call) => serverOf(current).see(call))
  }
  return globals[KEY]()
}

function begin(): ProcessState {
  const flag = takeFlag()
  if (isWatchedBy(flag)) gatherLoadedFiles()
  const launcher = isLaunched(flag)
    ? new LauncherClient(new Envelope(secretOf(flag)), launcherControlOf(flag), isWatchedBy(flag))
    : undefined
  if (launcher !== undefined) AppDescriptors.closeSpare(spareOf(flag))
  // Under a launcher, the launcher sends the notices to the service manager.
  const manager = launcher === undefined ? serviceManager() : undefined
  const passed = takeActivation(process.env, process.pid)
  const activated = passed.sockets.map(({ fd }) => fd)
  const told = descriptorsOf(flag)
  const descriptors = told === undefined ? AppDescriptors.ofStart(activated) : new AppDescriptors(told)
  if (flag !== undefined) explainTakenPorts()
  return { command: new Command(), descriptors, flag, launcher, manager, timers: takeTimers(), passed, generation: 1 }
}

/**
 * By a launcher that lives, or that died while this process booted. The flag can get further than it was meant to; the
 * channel cannot.
 */
function isLaunched(flag: string | undefined): boolean {
  const launcher = launcherOf(flag)
  if (launcher === undefined || process.send === undefined) return false
  return launcher === process.ppid || !os.exists(launcher)
}

/**
 * Notes how this process was started, before the app changes its directory or starts a process of its own, which would
 * inherit the flag. In the child of a reload: begins to remember what to report to the parent if the boot fails.
 */
export function rememberStart(): void {
  const current = state()
  endBootWatch()
  if (current.flag !== undefined && process.connected)
    current.lastWords ??= new LastWords(new Envelope(secretOf(current.flag)))
}

/** @throws {BadHandoffError} when this process was started with a handoff that cannot be trusted */
export function thisProcess(): ServerProcess {
  return serverOf(state())
}

function serverOf(current: ProcessState): ServerProcess {
  // What was started for a check does not become a server of its own.
  if (current.server === undefined || (current.server.isOver && !current.server.isCheck)) {
    current.server = new ServerProcess(current)
    current.generation = current.server.generation
    current.flag = undefined
    current.passed = undefined
  }
  return current.server
}

function serviceManager(): ServiceManager | undefined {
  const contact = findServiceManager(process.env, process.pid)
  return contact && new ServiceManager(contact)
}
