import { type DebugLogger, debuglog } from 'node:util'
import { toError } from '../util/to-error.js'

/** A machine of `lib/protocol/`, and where it begins. */
export interface Machine<S, I, E> {
  readonly start: S
  /** What is done before the first input. */
  readonly first?: readonly E[]
  step(state: S, input: I): readonly [next: S, effects: readonly E[]]
  /** For a trace: which machine of its process it is. */
  readonly name: string
  /** For a trace: how it began. */
  readonly begin: object
  /** For a trace: where it is. */
  placeOf(state: S): unknown
}

/** Carries out the effects of a machine. */
export interface EffectHandler<E> {
  /** It may return a promise, of which only a rejection matters. */
  carryOut(effect: E): unknown
  /** An effect threw. The machine goes on: whatever it waits for has a limit. */
  failed(effect: E, error: unknown): void
  /** There is no input left. */
  rested(): void
}

const trace = debuglog('fastify-graceful-reload')

/**
 * Runs a machine: passes inputs in, one at a time, and has its effects carried out. It decides nothing.
 *
 * If the machine has effects before its first input, its owner calls {@link Host.begin}: they may need the host.
 */
export class Host<S, I extends { readonly type: string }, E extends { readonly do: string }> {
  readonly #machine: Machine<S, I, E>
  readonly #handler: EffectHandler<E>
  readonly #trace: DebugLogger
  readonly #inputs: I[] = []
  #state: S
  #isRunning = false
  readonly #onRested = new Set<() => void>()

  /** @param traceTo - where the trace goes, if it would drown those of other machines */
  constructor(machine: Machine<S, I, E>, handler: EffectHandler<E>, traceTo = trace) {
    this.#machine = machine
    this.#handler = handler
    this.#trace = traceTo
    this.#state = machine.start
    const { name, begin, first } = machine
    if (traceTo.enabled) traceTo('%s', JSON.stringify({ machine: name, begin, effects: first }))
  }

  /** Has the effects before the first input carried out. */
  begin(): void {
    const { first = [] } = this.#machine
    this.#run(() => this.#carryOutAll(first))
  }

  get state(): S {
    return this.#state
  }

  /** Something has happened. If an effect causes another input, that waits for its turn. */
  tell(input: I): void {
    this.#inputs.push(input)
    if (!this.#isRunning) this.#run()
  }

  #run(first?: () => void): void {
    this.#isRunning = true
    try {
      first?.()
      for (let next = this.#inputs.shift(); next !== undefined; next = this.#inputs.shift()) this.#take(next)
    } finally {
      this.#isRunning = false
    }
    this.#handler.rested()
    for (const callback of this.#onRested) callback()
  }

  /** Calls back whenever the machine has come to rest, until the returned function is called. */
  onRested(callback: () => void): () => void {
    this.#onRested.add(callback)
    return () => this.#onRested.delete(callback)
  }

  #take(input: I): void {
    const [state, effects] = this.#machine.step(this.#state, input)
    this.#state = state
    const { name } = this.#machine
    if (this.#trace.enabled) this.#trace('%s', traceLine(name, input, effects, this.#machine.placeOf(state)))
    this.#carryOutAll(effects)
  }

  #carryOutAll(effects: readonly E[]): void {
    for (const effect of effects) this.#carryOut(effect)
  }

  /** Code outside the protocol (a logger, a subscriber, a hook) cannot throw into it. */
  #carryOut(effect: E): void {
    try {
      Promise.resolve(this.#handler.carryOut(effect)).catch((error) => this.#failed(effect, error))
    } catch (error) {
      this.#failed(effect, error)
    }
  }

  #failed(effect: E, error: unknown): void {
    try {
      this.#handler.failed(effect, error)
    } catch {
      // The log itself fails: there is no place left to report it.
    }
  }
}

/** What a log says of an effect that threw: it never should. */
export function failureOf(effect: { readonly do: string }, error: unknown): string {
  return `internal step "${effect.do}" failed: ${toError(error).message}`
}

/** One line of JSON, which can become a test. Of an error it has the message. */
function traceLine(
  machine: string,
  input: { readonly type: string },
  effects: readonly object[],
  place: unknown
): string {
  const plain = (_key: string, value: unknown) => (value instanceof Error ? { error: value.message } : value)
  try {
    return JSON.stringify({ machine, input, effects, place }, plain)
  } catch (error) {
    return JSON.stringify({ machine, input: input.type, place, unwritable: String(error) })
  }
}
