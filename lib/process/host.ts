import { debuglog } from 'node:util'

/** A machine of `lib/protocol/`, and where it begins. */
export interface Machine<S, I, E> {
  readonly start: S
  step(state: S, input: I): readonly [next: S, effects: readonly E[]]
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

/** Runs a machine: passes inputs in, one at a time, and has its effects carried out. It decides nothing. */
export class Host<S, I extends { readonly type: string }, E extends { readonly do: string }> {
  readonly #machine: Machine<S, I, E>
  readonly #handler: EffectHandler<E>
  readonly #inputs: I[] = []
  #state: S
  #isRunning = false
  readonly #onRested = new Set<() => void>()

  constructor(machine: Machine<S, I, E>, handler: EffectHandler<E>) {
    this.#machine = machine
    this.#handler = handler
    this.#state = machine.start
    if (trace.enabled) trace('%s', JSON.stringify(machine.begin))
  }

  get state(): S {
    return this.#state
  }

  /** Something has happened. If an effect causes another input, that waits for its turn. */
  tell(input: I): void {
    this.#inputs.push(input)
    if (this.#isRunning) return
    this.#isRunning = true
    try {
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
    if (trace.enabled) trace('%s', traceLine(input, effects, this.#machine.placeOf(state)))
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

/** One line of JSON, which can become a test. Of an error it has the message. */
function traceLine(input: { readonly type: string }, effects: readonly object[], place: unknown): string {
  const plain = (_key: string, value: unknown) => (value instanceof Error ? { error: value.message } : value)
  try {
    return JSON.stringify({ input, effects, place }, plain)
  } catch (error) {
    return JSON.stringify({ input: input.type, place, unwritable: String(error) })
  }
}
