import { toError } from '../errors.js'
import type { GracefulOptions } from '../options.js'
import type { Member, Preparation } from '../process/app.js'
import type { Service } from '../process/service.js'
import type { ReloadResult } from '../reload/reload-result.js'
import { os } from '../util/os.js'
import { CONTROL_VARIABLE, type ProcessStatus, type ReloadUnderWay } from './messages.js'
import { ControlSocket } from './socket.js'

/** What the control socket asks of this process. */
export interface ControlEvents {
  phase(): ProcessStatus['phase']
  reload(reason: string): Promise<ReloadResult>
  underWay(): ReloadUnderWay | undefined
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
    const named = control === undefined ? this.#named : undefined
    if (control === undefined && named === undefined) return warmup
    return async (member) => {
      await warmup?.()
      if (control !== undefined) await this.#open(member, control)
      else if (named !== undefined) await this.#openNamed(member, named)
    }
  }

  /** The path that whoever has started this process has named, as a unit file does; a launcher opens one of its own. */
  get #named(): string | undefined {
    return this.#service.launcher === undefined ? process.env[CONTROL_VARIABLE] || undefined : undefined
  }

  /** The variable reaches further than it was meant to, as to a server that this one has started: no reason not to serve. */
  async #openNamed(member: Member, path: string): Promise<void> {
    if (os.whyNoControlSocket() !== undefined) return
    try {
      await this.#open(member, path)
    } catch (error) {
      this.#service.log.warn(`${CONTROL_VARIABLE}: ${toError(error).message}`, toError(error))
    }
  }

  /**
   * Opens the control socket, if this app is the one to say where. A child adopts the one of its parent.
   *
   * @throws {ControlSocketError}
   */
  async #open(member: Member, path: string): Promise<void> {
    const service = this.#service
    const why = os.whyNoControlSocket()
    if (why !== undefined) return service.log.warn(`option control is ignored ${why}`)
    if (service.leader === undefined) service.follow(member)
    if (service.leader !== member) return
    const socket = new ControlSocket({ status: () => this.status(), reload: (reason) => this.#events.reload(reason) })
    service.listeners.own(socket.server, socket)
    await socket.open(path)
    service.controlSocket = socket
  }

  /** What this process says of itself. */
  status(): ProcessStatus {
    const { generation, addresses, openConnections, command } = this.#service
    const phase = this.#events.phase()
    const status = { generation, pid: process.pid, phase, uptime: Math.round(process.uptime() * 1000) }
    const reload = this.#events.underWay()
    return {
      ...status,
      listeners: addresses,
      connections: openConnections,
      release: command.release,
      ...(reload && { reload })
    }
  }
}
