import { availableParallelism } from 'node:os'
import { resolve } from 'node:path'
import type { LaunchArguments } from '../cli/launch-arguments.js'
import { History } from '../control/history.js'
import { CONTROL_VARIABLE, type ControlPlace } from '../control/place.js'
import { ControlSocket } from '../control/socket.js'
import { describeError } from '../errors.js'
import { openDormant } from '../internals/listening-handle.js'
import type { Ending, SpawnCommand } from '../process/channel-process.js'
import { AppDescriptors } from '../process/descriptors.js'
import { PidFile } from '../process/pid-file.js'
import type { FromLauncher } from '../protocol/launcher-messages.js'
import { NodePath } from '../reload/node-path.js'
import { enteredDirectory } from '../reload/restart-command.js'
import { takeActivation } from '../sockets/socket-activation.js'
import { LauncherNotices } from '../systemd/launcher-notices.js'
import { findServiceManager, ServiceManager } from '../systemd/notify.js'
import { printable } from '../util/printable.js'
import { toError } from '../util/to-error.js'
import { Checks } from './checks.js'
import type { TellEnd } from './effects.js'
import type { HeldListener } from './held-listeners.js'
import type { Log } from './log.js'
import { metricsOf } from './metrics.js'
import { Pipes } from './pipes.js'
import { recordOf } from './reload-record.js'
import { RollWatch } from './roll-watch.js'
import type { Server, Service } from './server.js'
import { LauncherSignals } from './signals.js'
import { statusOf, statusOfWorkers } from './status.js'
import { FileWatch } from './watch/file-watch.js'
import { Workers } from './workers.js'

/** The events of the launcher for the command that has started it. */
export interface LauncherEvents {
  log: Log
  /** Tells the person who works on the app, line by line. */
  say(line: string): void
  /** To which descriptor the servers write JSON; undefined if they log in another way. */
  logsTo(fd: number | undefined): void
  /** A server serves for the first time. */
  ready(): void
  /** A server has sent a message that is meant for the program that started the launcher. */
  foreign(raw: unknown): void
}

/**
 * For the main process of a service alone, and that is the launcher:
 * https://www.freedesktop.org/software/systemd/man/latest/sd_notify.html
 */
const MANAGER_VARIABLES = ['NOTIFY_SOCKET', 'WATCHDOG_USEC', 'WATCHDOG_PID']

/** A launcher: its workers, and all by which the outside reaches them. */
export class Launcher {
  readonly #events: LauncherEvents
  readonly #workers: Workers
  readonly #notices: LauncherNotices
  readonly #signals: LauncherSignals
  readonly #place: ControlPlace | undefined
  readonly #control: ControlSocket
  readonly #rolls: RollWatch
  readonly #checks: Checks
  readonly #history = new History()
  readonly #watch: FileWatch<Server> | undefined
  #pidFile: PidFile | undefined

  constructor({ node, workers, directory, control, watch }: LaunchArguments, events: LauncherEvents) {
    this.#events = events
    this.#place = control && { ...control, path: resolve(control.path) }
    const { log, foreign } = events
    const contact = findServiceManager(process.env, process.pid)
    const count = workers === 'auto' ? availableParallelism() : workers
    const command = commandOf(node, directory, this.#place?.path)
    const shared = { control: this.#place?.path, isWatched: watch !== undefined }
    this.#workers = new Workers(command, count, inheritance(log), shared, {
      log,
      foreign,
      serves: (server) => server.tell(this.#historyNow),
      loads: (server, paths) => this.#watch?.loaded(server, paths),
      held: (why) => this.#watch?.held(why),
      follow: (service, isFirst, isReloading) => this.#follow(service, isFirst, isReloading),
      reloadBegins: () => this.#reloadBegins(),
      reloadEnds: (reason) => this.#reloadEnds(reason),
      restarted: () => {
        this.#history.restarted()
        this.#tellHistory()
      },
      stopping: () => this.#notices.stopping()
    })
    this.#watch = watch && this.#follows(command, watch)
    this.#rolls = new RollWatch(this.#workers.roster)
    this.#checks = new Checks(this.#workers.roster)
    this.#notices = new LauncherNotices(contact && new ServiceManager(contact), this.#workers.roster, log)
    this.#signals = this.#listen()
    this.#control = new ControlSocket({
      status: () => statusOf(this.#workers.roster, this.#history),
      metrics: () => metricsOf(this.#workers.roster, this.#history),
      workers: () => statusOfWorkers(this.#workers.roster),
      reload: (reason) => this.#workers.reload(reason),
      check: (reason) => this.#checks.make(reason),
      checkInProgress: () => this.#checks.position(),
      scale: (wanted, reason) => this.#workers.scale(wanted, reason),
      stop: (reason) => this.#stop(reason),
      reloadId: () => this.#rolls.id,
      inProgress: () => this.#rolls.position,
      onChange: (callback) => this.#workers.onChange(callback)
    })
  }

  /**
   * Returns how the last server has ended.
   *
   * @throws {ControlSocketError}
   */
  async run(): Promise<Ending> {
    if (this.#place !== undefined) await this.#control.openAlone(this.#place)
    this.#workers.start()
    const ending = await this.#workers.ended
    this.#watch?.close()
    this.#workers.dispose()
    this.#control.close()
    this.#pidFile?.remove()
    await this.#notices.flushed()
    this.#signals.uninstall()
    return ending
  }

  #follows({ cwd, args }: SpawnCommand, paths: readonly string[]): FileWatch<Server> {
    return new FileWatch<Server>(
      { cwd, args, paths: paths.map((path) => resolve(path)) },
      {
        reload: (reason) => this.#workers.reload(reason),
        isServing: () => this.#workers.roster.serving.length > 0,
        say: this.#events.say
      }
    )
  }

  /** A second request counts as the first one. A second signal would force. */
  #stop(reason: string): number {
    if (!this.#workers.roster.areLeaving) {
      this.#events.log(`stop (${printable(reason)})`, 'info')
      this.#workers.stop('SIGTERM')
    }
    return process.pid
  }

  #listen(): LauncherSignals {
    const workers = this.#workers
    const reload = (signal: NodeJS.Signals) =>
      void workers
        .reload(signal)
        .catch((error) => this.#events.log(`reload (${signal}) failed: ${describeError(error)}`, 'error'))
    return new LauncherSignals({
      stop: (signal) => workers.stop(signal),
      reload,
      force: (signal) => workers.force(signal),
      scale: (by, signal) =>
        void workers
          .scale({ by }, signal)
          .outcome.catch((error) => this.#events.log(`workers (${signal}): ${describeError(error)}`, 'error')),
      forward: (signal) => workers.forward(signal)
    })
  }

  #follow({ signals, pidFile, logsTo }: Service, isFirst: boolean, isReloading: boolean): void {
    this.#events.logsTo(logsTo)
    if (isFirst) this.#events.ready()
    this.#watch?.serves()
    this.#signals.use(signals)
    this.#keepPidFile(pidFile)
    if (!isReloading) this.#notices.serving()
  }

  /** A control socket that cannot be reached is worth a word, and no reason not to reload. */
  #reloadBegins(): void {
    this.#rolls.begin()
    this.#notices.reloading()
    try {
      if (this.#control.restorePath())
        this.#events.log('the control socket had been removed by another program, and is bound again')
    } catch (error) {
      this.#events.log(
        'the control socket had been removed by another program, and cannot be bound again; the reload goes on: ' +
          toError(error).message
      )
    }
  }

  #reloadEnds(reason: string): TellEnd {
    const times = this.#rolls.times
    return (outcome, reached) => {
      this.#history.add(recordOf(outcome, reason, times, reached))
      this.#tellHistory()
      this.#watch?.over(!(outcome instanceof Error), this.#workers.roster.current)
      return this.#notices.reloaded(outcome instanceof Error ? outcome : undefined)
    }
  }

  /** The history of all reloads, for requests to a server. One that is started later learns it when it serves. */
  #tellHistory(): void {
    this.#workers.tell(this.#historyNow)
  }

  get #historyNow(): FromLauncher {
    return { type: 'history', history: this.#history.report }
  }

  /**
   * A program reads the pid file to send a signal, and this process is the one that stays. A release may have another
   * file than the one before, and others may have removed it.
   */
  #keepPidFile(path: string | undefined): void {
    if (path === undefined) return
    const file = new PidFile(path)
    if (this.#pidFile?.path !== file.path) this.#pidFile?.remove()
    this.#pidFile = file
    try {
      if (!file.isOurs) file.write()
    } catch (error) {
      this.#events.log(`the pid file ${path} could not be written: ${toError(error).message}`)
    }
  }
}

/** By the way to the directory that `PWD` tells, the servers find the release that a link leads to when they reload. */
function commandOf(args: string[], directory: string | undefined, control: string | undefined): SpawnCommand {
  const env = { ...process.env }
  for (const name of MANAGER_VARIABLES) delete env[name]
  // The variable is ours: a server that runs elsewhere would take a relative path for that of a socket of its own.
  if (control !== undefined && env[CONTROL_VARIABLE]) env[CONTROL_VARIABLE] = control
  const cwd = resolve(enteredDirectory(), directory ?? '.')
  if (directory !== undefined) env.PWD = cwd
  return { file: new NodePath(process.argv0, process.env, cwd).current, args, cwd, env }
}

/** The sockets of a socket activation, for the first server, and the descriptors of the app, for each. */
function inheritance(log: Log) {
  const { sockets, problems } = takeActivation(process.env, process.pid)
  for (const problem of problems) log(problem)
  const descriptors = AppDescriptors.ofStart(sockets.map(({ fd }) => fd))
  const listeners = sockets.map(({ fd, address }): HeldListener => {
    return { key: `fd ${fd}`, address, activated: true, handle: openDormant(fd), ticketKeys: undefined }
  })
  return { listeners, own: { descriptors, relay: new Pipes(descriptors.numbers) } }
}
