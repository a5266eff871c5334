import type { MetricsReport } from '../metrics/report.js'
import type { GracefulOptions } from '../options.js'
import type { HostedApp, Preparation } from '../process/hosted-app.js'
import type { Service } from '../process/service.js'
import type { Phase } from '../protocol/phases.js'
import type { CheckResult } from '../reload/check-result.js'
import type { ReloadResult } from '../reload/reload-result.js'
import { listenerKey } from '../sockets/listener-key.js'
import { UnixPath } from '../sockets/unix-path.js'
import { os } from '../util/os.js'
import { toError } from '../util/to-error.js'
import { within } from '../util/within.js'
import { NoWorkersError } from './errors.js'
import type { ControlHandlers, ServiceReport } from './http.js'
import { memoryStatus } from './memory.js'
import { ownVersion } from './own-version.js'
import { CONTROL_VARIABLE, type ControlPlace, checkControl } from './place.js'
import {
  type CheckProgress,
  type DrainStatus,
  type ProcessStatus,
  positionOf,
  type ReloadInProgress
} from './reports.js'
import { ControlSocket } from './socket.js'

/** How long a process on probation waits until its parent knows what it has counted. Milliseconds. */
const PARENT_LIMIT = 500

/** Why this process has no workers. */
const WITHOUT = 'start it with the launcher, as in fastify-graceful-reload --workers 2 server.js'
const UNDER = 'it is the server of one worker; ask its launcher, at the control socket of the launcher (--control)'

/** What the control socket asks of this process. */
export interface ControlEvents {
  phase(): Phase
  reload(reason: string): Promise<ReloadResult>
  check(reason: string): Promise<CheckResult>
  stop(reason: string): void
  /** The check in progress. */
  checkInProgress(): CheckProgress | undefined
  inProgress(): ReloadInProgress | undefined
  /** How many reloads this process has begun. */
  reloads(): number
  onChange(callback: () => void): () => void
  /** The reload that follows the one in progress. */
  queued(): { reason: string } | undefined
  /** What this process still finishes, if it drains. */
  drain(): DrainStatus | undefined
  /** Other processes that do. */
  draining(): Promise<ProcessStatus[]>
}

/** How those who administer this process reach it, other than by signals and by its own routes. */
export class Control {
  readonly #service: Service
  readonly #events: ControlEvents

  constructor(service: Service, events: ControlEvents) {
    this.#service = service
    this.#events = events
  }

  /** What an app does before it listens, where it wants to be reached. */
  preparation({ control }: GracefulOptions, warmup: (() => Promise<void>) | undefined): Preparation | undefined {
    const variable = process.env[CONTROL_VARIABLE] ?? ''
    if (control === false || (control === undefined && variable === '')) return warmup
    return async (hosted) => {
      await warmup?.()
      if (hosted.options.control) await this.#open(hosted, hosted.options.control)
      else if (os.whyNoControlSocket() === undefined) await this.#openForAll(hosted, variable)
    }
  }

  /** The variable may be that of the whole system, and name the socket of another server: no reason not to listen. */
  async #openForAll(hosted: HostedApp, path: string): Promise<void> {
    try {
      await this.#open(hosted, checkControl(path, CONTROL_VARIABLE) as ControlPlace)
    } catch (error) {
      this.#service.log.warn(toError(error).message, toError(error))
    }
  }

  /**
   * Opens the control socket, if this app is the one to say where. A child adopts the one of its parent.
   *
   * @throws {ControlSocketError}
   */
  async #open(hosted: HostedApp, place: ControlPlace): Promise<void> {
    const service = this.#service
    const why = os.whyNoControlSocket()
    if (why !== undefined) return service.log.warn(`option control is ignored ${why}`)
    if (service.leader === undefined) service.follow(hosted)
    if (service.leader !== hosted) return
    if (service.isCheck) return service.events.leave(listenerKey({ path: place.path }) ?? '')
    // The launcher answers there, for all of its servers.
    if (service.launcher?.control !== undefined && UnixPath.isSame(service.launcher.control, place.path)) return
    const socket = new ControlSocket(this.#handlers)
    service.listenCalls.own(socket.server, socket)
    await socket.open(place)
    service.listeners.refreshPath(socket.server)
    service.controlSocket = socket
  }

  get #handlers(): ControlHandlers {
    const { reload, check, stop, inProgress, checkInProgress, reloads, onChange } = this.#events
    return {
      status: () => this.#report(),
      workers: () => [this.status()],
      metrics: () => this.#metrics(),
      reload,
      check,
      checkInProgress,
      onChange,
      reloadId: () => positionOf(inProgress()) && reloads(),
      inProgress: () => positionOf(inProgress()),
      scale: () => {
        throw new NoWorkersError(this.#service.launcher === undefined ? WITHOUT : UNDER)
      },
      stop: (reason) => {
        stop(reason)
        return process.pid
      }
    }
  }

  /** What a client has seen of a child must not be less when its parent answers again: that knows it first. */
  async #metrics(): Promise<MetricsReport> {
    const { ledger, history } = this.#service
    const reload = this.#events.inProgress()
    if (reload?.role === 'child') await within(ledger.tell(), PARENT_LIMIT, 'the parent').catch(() => {})
    const { load, draining } = ledger.beside
    const started = performance.timeOrigin
    return {
      workers: [{ worker: 1, status: this.status(), started, serving: this.#service.load, draining: load }],
      wanted: 1,
      isReloading: reload !== undefined,
      history: history.report,
      counts: ledger.total,
      draining
    }
  }

  async #report(): Promise<ServiceReport> {
    const draining = await this.#events.draining()
    const reason = this.#events.queued()?.reason
    const queued = reason === undefined ? null : { reason }
    return { launcher: null, workers: [this.status()], draining, queued, history: this.#service.history.report }
  }

  /** What this process says of itself. */
  status(): ProcessStatus {
    const { generation, addresses, command } = this.#service
    const phase = this.#events.phase()
    const status = { generation, pid: process.pid, phase, uptime: Math.round(process.uptime() * 1000) }
    const reload = this.#events.inProgress()
    const check = this.#events.checkInProgress()
    const drain = this.#events.drain()
    const plugin = ownVersion()
    return {
      ...status,
      listeners: addresses,
      connections: this.#service.countConnections(),
      release: command.release,
      ...(plugin !== null && { plugin }),
      ...(reload && { reload }),
      ...(check && { check }),
      ...(drain && { drain }),
      memory: memoryStatus()
    }
  }
}
