import { availableParallelism } from 'node:os'
import type { LaunchArguments } from '../cli/launch-arguments.js'
import { ControlSocket } from '../control/socket.js'
import { toError } from '../errors.js'
import { openDormant } from '../internals/listening-handle.js'
import { PidFile } from '../process/pid-file.js'
import type { Ending, SpawnCommand } from '../process/subprocess.js'
import { enteredDirectory } from '../reload/restart-command.js'
import { takeActivation } from '../sockets/socket-activation.js'
import { LauncherNotices } from '../systemd/launcher-status.js'
import { findServiceManager, ServiceManager } from '../systemd/notify.js'
import { Fleet } from './fleet.js'
import type { HeldListener } from './held-listeners.js'
import { LaunchSignals } from './signals.js'
import { statusOf } from './status.js'

/** What the launcher is told of, beside its command line. */
export interface LaunchEvents {
  log(line: string): void
  /** A server serves for the first time. */
  ready(): void
  /** A server has said something that is meant for whoever started the launcher. */
  said(raw: unknown): void
}

/** For the main process of a service alone, and that is the launcher: https://www.freedesktop.org/software/systemd/man/latest/sd_notify.html */
const MANAGER_VARIABLES = ['NOTIFY_SOCKET', 'WATCHDOG_USEC', 'WATCHDOG_PID']

/** A launcher at work: its servers, and all by which the outside reaches them. */
export class Launch {
  readonly #events: LaunchEvents
  readonly #fleet: Fleet
  readonly #notices: LauncherNotices
  readonly #signals: LaunchSignals
  readonly #control: ControlSocket
  #served: object | undefined
  #pidFile: PidFile | undefined
  #isStopping = false

  constructor({ node, workers }: LaunchArguments, events: LaunchEvents) {
    this.#events = events
    const contact = findServiceManager(process.env, process.pid)
    const passed = passedListeners(events.log)
    const count = workers === 'auto' ? availableParallelism() : workers
    this.#fleet = new Fleet(commandOf(node), count, passed, {
      ...events,
      changed: () => this.#changed(),
      reloading: (reload) => this.#notices.reloading(reload)
    })
    this.#notices = new LauncherNotices(contact && new ServiceManager(contact), this.#fleet, events.log)
    this.#signals = this.#followSignals()
    const reload = (reason: string) => this.#fleet.reload(reason)
    this.#control = new ControlSocket({ status: () => statusOf(this.#fleet), reload })
  }

  /**
   * Returns how the last server has ended.
   *
   * @param control - path of a control socket
   * @throws {SpawnFailedError | ControlSocketError}
   */
  async run(control: string | undefined): Promise<Ending> {
    if (control !== undefined) await this.#control.openAlone(control)
    await this.#fleet.start()
    const ending = await this.#fleet.ended
    this.#fleet.dispose()
    this.#control.close()
    this.#pidFile?.remove()
    await this.#notices.flushed()
    this.#signals.uninstall()
    return ending
  }

  /** What the app has chosen may be different in each generation. */
  #changed(): void {
    const service = this.#fleet.workers[0]?.current?.service
    if (service === undefined || service === this.#served) return
    if (this.#served === undefined) this.#events.ready()
    this.#served = service
    this.#signals.use(service.signals)
    this.#keepPidFile(service.pidFile)
    if (!this.#fleet.isReloading) this.#notices.serving()
  }

  /** The first stop signal drains, the second one forces. */
  #followSignals(): LaunchSignals {
    const fleet = this.#fleet
    const reload = (signal: NodeJS.Signals) =>
      void fleet.reload(signal).catch(({ message }) => this.#events.log(`reload (${signal}) failed: ${message}`))
    return new LaunchSignals({
      stop: (signal) => this.#stop(signal),
      reload,
      force: (signal) => fleet.force(signal),
      forward: (signal) => fleet.forward(signal)
    })
  }

  #stop(signal: NodeJS.Signals): void {
    if (this.#isStopping) this.#fleet.force(`second stop signal, ${signal}`)
    else this.#fleet.stop(signal)
    this.#isStopping = true
    this.#notices.stopping()
  }

  /** Whoever reads the file wants to send a signal: to this process, which does not change. */
  #keepPidFile(path: string | undefined): void {
    if (path === undefined || this.#pidFile !== undefined) return
    this.#pidFile = new PidFile(path)
    try {
      this.#pidFile.write()
    } catch (error) {
      this.#events.log(`the pid file ${path} could not be written: ${toError(error).message}`)
    }
  }
}

function commandOf(args: string[]): SpawnCommand {
  const env = { ...process.env }
  for (const name of MANAGER_VARIABLES) delete env[name]
  return { file: process.execPath, args, cwd: enteredDirectory(), env }
}

/** The sockets of a socket activation, for the first server. */
function passedListeners(log: (line: string) => void): HeldListener[] {
  const { sockets, problems } = takeActivation(process.env, process.pid)
  for (const problem of problems) log(problem)
  return sockets.map(({ fd, address }) => {
    return { key: `fd ${fd}`, address, activated: true, handle: openDormant(fd), ticketKeys: undefined }
  })
}
