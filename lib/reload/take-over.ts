import { ReadyTimeoutError, StateError, StoppingError, toError } from '../errors.js'
import type { Service } from '../process/service.js'
import { ticketKeysOf } from '../sockets/tls-tickets.js'
import { unless } from '../util/unless.js'
import type { Duplicate, Handover } from './handover.js'

/** What can end a reload before the child serves. */
export interface Interrupts {
  /** Aborts when `readyTimeout` is over. */
  limit: AbortSignal
  /** Aborts when this process is told to stop. */
  abandoned: AbortSignal
}

/** When the child was ready and when it served, on the clock of `performance.now()`. */
export interface TakeOverTimes {
  ready: number
  serving: number
}

/**
 * Waits until the child is ready and lets it take over. When this returns, the child accepts and this process does not;
 * when it throws, the child is gone and nothing has changed.
 *
 * @throws {ChildExitedError | ReadyTimeoutError | BadHandoffError | StateError | StoppingError}
 */
export async function letTakeOver(
  service: Service,
  handover: Handover,
  interrupts: Interrupts
): Promise<TakeOverTimes> {
  const { ended } = handover.child
  const { limit, abandoned } = interrupts
  try {
    const word = await unless(Promise.race([handover.ready, ended]), limit, abandoned)
    if ('exitCode' in word) throw await handover.failure(word)
    const ready = performance.now()
    const duplicates = handover.duplicates()
    const states = await saveStates(service, handover, duplicates, interrupts)
    const ticketKeys = duplicates.flatMap(([{ server }], index) => ticketKeysOf(server, index))
    await handover.child.send({ type: 'take over', states, ticketKeys }).catch(() => ended)
    // From here on the child may have accepted connections: a stop now waits for its word instead of ending it.
    const end = await unless(Promise.race([handover.serving, ended]), limit)
    if (end !== undefined) throw await handover.failure(end)
    sleep(service, handover, duplicates)
    service.enter('handed over')
    warnOfOldRelease(service, word.script)
    return { ready, serving: performance.now() }
  } catch (error) {
    service.listeners.wake()
    await handover.cancel()
    throw error
  }
}

/** What is saved must not become old at once: with state to pass on, this process stops accepting before it saves. */
async function saveStates(
  service: Service,
  handover: Handover,
  duplicates: Duplicate[],
  { limit, abandoned }: Interrupts
): Promise<unknown[]> {
  const states = [...service.members].map(({ options }) => options.state)
  if (states.every((state) => state === undefined)) return []
  sleep(service, handover, duplicates)
  try {
    const saved = Promise.all(states.map(async (state) => state?.save()))
    return structuredClone(await unless(saved, limit, abandoned))
  } catch (cause) {
    if (cause instanceof ReadyTimeoutError || cause instanceof StoppingError) throw cause
    throw Object.assign(new StateError(toError(cause).message), { cause })
  }
}

function sleep(service: Service, handover: Handover, duplicates: Duplicate[]): void {
  for (const [listener, dormant] of duplicates) service.listeners.sleep(listener, dormant)
  handover.keepDuplicates()
}

function warnOfOldRelease(service: Service, script: string | undefined): void {
  const link = service.command.movedLink(script)
  if (link === undefined) return
  service.warn(`${link} leads elsewhere since this process was started, but the reload loaded ${script} again`)
}
