import { debuglog } from 'node:util'
import { type Effect, type Input, type Place, type Server, step, type Timer } from '../protocol/server.js'
import { Deadlines } from '../util/deadline.js'

/** What carries the effects of the machine out. */
export interface EffectHandler {
  /** What it returns may be a promise of which nothing is expected but that it can fail. */
  carryOut(effect: Exclude<Effect, { do: 'wait' } | { do: 'cancel' }>): unknown
  /** How long a wait may take: milliseconds, or until something has happened. */
  durationOf(timer: Timer): number | Promise<unknown>
  /** Asks the system whether those live whom this process waits for: a limit counts only against them. */
  look(): void
  /** An effect threw. The machine goes on: whatever it waits for has a limit. */
  failed(effect: Effect, error: unknown): void
}

const trace = debuglog('fastify-graceful-reload')

/** Runs the machine of this process: passes inputs in, one at a time, and has its effects carried out. It decides nothing. */
export class Host {
  readonly #handler: EffectHandler
  readonly #deadlines: Deadlines<Timer>
  readonly #inputs: Input[] = []
  #server: Server
  #isRunning = false

  constructor(server: Server, handler: EffectHandler) {
    this.#server = server
    this.#handler = handler
    if (trace.enabled) trace('%s', beginLine(server))
    this.#deadlines = new Deadlines<Timer>((timer) => {
      handler.look()
      this.tell({ type: 'due', timer })
    })
  }

  /** Where the process is. */
  get at(): Place {
    return this.#server.at
  }

  /** Whether the parent of this process lives, if there was one. */
  get parent(): Server['parent'] {
    return this.#server.parent
  }

  /** Something has happened. An effect may tell of the next thing; that waits for its turn. */
  tell(input: Input): void {
    this.#inputs.push(input)
    if (this.#isRunning) return
    this.#isRunning = true
    try {
      for (let next = this.#inputs.shift(); next !== undefined; next = this.#inputs.shift()) this.#take(next)
    } finally {
      this.#isRunning = false
    }
  }

  #take(input: Input): void {
    const [server, effects] = step(this.#server, input)
    this.#server = server
    if (server.at.name === 'closed') this.#deadlines.clear()
    if (trace.enabled) trace('%s', traceLine(input, effects, server))
    for (const effect of effects) this.#carryOut(effect)
  }

  /** What is not the protocol (a logger, a subscriber, a hook) cannot throw into it. */
  #carryOut(effect: Effect): void {
    try {
      if (effect.do === 'wait') this.#deadlines.wait(effect.timer, this.#handler.durationOf(effect.timer))
      else if (effect.do === 'cancel') this.#deadlines.cancel(effect.timer)
      else Promise.resolve(this.#handler.carryOut(effect)).catch((error) => this.#handler.failed(effect, error))
    } catch (error) {
      this.#handler.failed(effect, error)
    }
  }
}

/** The first line: how the machine began. */
function beginLine({ parent, launched }: Server): string {
  return JSON.stringify({ begin: parent === 'none' ? 'first' : 'successor', launched })
}

/** One line of JSON, of which a test can be made. Errors are told by their message. */
function traceLine(input: Input, effects: readonly Effect[], { at }: Server): string {
  const plain = (_key: string, value: unknown) => (value instanceof Error ? { error: value.message } : value)
  try {
    return JSON.stringify({ input, effects, place: at }, plain)
  } catch (error) {
    return JSON.stringify({ input: input.type, place: at.name, unwritable: String(error) })
  }
}
