import { Candidates } from '../connections/candidates.js'
import { Migration } from '../connections/move-out.js'
import type { MovingGroup } from '../connections/moving.js'
import { RolledBackError, StoppingError } from '../errors.js'
import type { Service } from '../process/service.js'
import { describeEnding, type Ending } from '../process/subprocess.js'
import type { Handover } from './handover.js'
import type { Supervision } from './supervision.js'

/** How long a child may take to give up. Milliseconds. */
const UNDO_LIMIT = 1000

type GivenUp = Awaited<Handover['givenUp']>

/** The time after a handoff: open connections move to the child, and its death brings this process back. */
export class Probation {
  /** Goes on after the probation, with the connections that were busy all the time. */
  readonly migration: Migration
  readonly #service: Service
  readonly #handover: Handover
  readonly #duration: number
  readonly #supervision: Supervision | undefined
  readonly #started = performance.now()

  constructor(service: Service, handover: Handover, supervision?: Supervision) {
    this.#service = service
    this.#handover = handover
    this.#supervision = supervision
    this.#duration = service.options.probation
    const { child } = handover
    service.announce('handed-over', { child: child.pid, probation: this.#duration })
    const groups = handover.listeners.flatMap((listener, index) => movingGroup(service, listener, index))
    this.migration = new Migration({
      candidates: new Candidates(groups, service.webSockets),
      upgraded: service.webSockets,
      send: (message, handle) => child.send(message, handle),
      timeLeft: (socket) => service.arrivals?.timeLeft(socket),
      duration: this.#duration
    })
    handover.onAnswer((message) => this.migration.heard(message))
    void child.ended.then(() => this.migration.childEnded())
    supervision?.handedOver()
    void supervision?.undone.then((reason) => this.#undo(reason))
  }

  /**
   * Waits until the probation is over. Returns how long it took, in milliseconds.
   *
   * @throws {RolledBackError} when the child died; this process serves again
   * @throws {StoppingError} when one of the two processes was told to stop
   */
  async pass(abandoned: AbortSignal): Promise<number> {
    const ending = await this.#wait(abandoned)
    if (abandoned.aborted) throw abandoned.reason
    if (typeof ending === 'string') throw new StoppingError(`the new generation was told to: ${ending}`)
    if (ending !== undefined && this.#supervision?.isCommitted !== true)
      await this.#rollBack('type' in ending ? `gave up (${ending.reason})` : describeEnding(ending), ending)
    return performance.now() - this.#started
  }

  /** One that hangs cannot give up by itself. */
  #undo(reason: string): void {
    const { child, givenUp } = this.#handover
    const timer = setTimeout(() => child.kill(), UNDO_LIMIT)
    child.send({ type: 'give up', reason }).catch(() => {}) // It has ended: that brings this process back as well.
    void Promise.race([givenUp, child.ended]).then(() => clearTimeout(timer))
  }

  async #wait(abandoned: AbortSignal): Promise<Ending | GivenUp | string | undefined> {
    let timer: NodeJS.Timeout | undefined
    let end: (() => void) | undefined
    const over = new Promise<undefined>((resolve) => {
      end = () => resolve(undefined)
      const passed = () => void Promise.resolve(this.#supervision?.passed()).then(end)
      if (abandoned.aborted) end()
      // Without a probation there is still the time in which all connections move at once.
      else if (this.#duration === 0) void this.migration.swept.then(passed)
      else timer = setTimeout(passed, this.#duration)
      abandoned.addEventListener('abort', end, { once: true })
    })
    const { child, stopping, givenUp } = this.#handover
    const ending = await Promise.race([over, stopping, givenUp, child.ended])
    clearTimeout(timer)
    if (end !== undefined) abandoned.removeEventListener('abort', end)
    return ending
  }

  async #rollBack(how: string, ending: Ending | GivenUp): Promise<never> {
    this.#service.listeners.wake()
    this.#service.enter('serving')
    this.#service.writePidFile()
    this.migration.stop()
    await this.migration.done
    const { exitCode, signal } = 'type' in ending ? { exitCode: null, signal: null } : ending
    throw Object.assign(new RolledBackError(how), { exitCode, signal })
  }
}

function movingGroup(service: Service, listener: Handover['listeners'][number], index: number): MovingGroup[] {
  const connections = service.connectionsOfServer(listener.server)
  if (connections === undefined || !connections.canMove || service.optionsOf(listener).connections === 'close')
    return []
  if (!connections.hasForeignListeners) return [{ index, connections }]
  service.warn(
    `connections to "${listener.key}" are not moved: its server has "connection" listeners of the app's own, and what they ` +
      'did cannot be done again'
  )
  return []
}
