import { begin, type Effect, type Input, type Launcher, step, type Word } from '../../lib/protocol/launcher.js'
import type { WorkerCount } from '../../lib/protocol/worker-count.js'

type EffectOf<D extends Effect['do']> = Extract<Effect, { do: D }>

/**
 * The machine of a launcher with what its host would know: which starts and timers are pending, and what was answered.
 */
export class LauncherModel {
  state: Launcher
  /** All effects so far. */
  readonly effects: Effect[] = []
  readonly pending = new Set<number>()
  readonly timers = new Map<string, { timer: Extract<Input, { type: 'due' }>['timer']; id: number }>()
  readonly answers = new Map<number, EffectOf<'answer'>['outcome'][]>()
  #lastAsk = 0
  /** The first caller of the last reload that has ended. */
  #noting: number | undefined

  constructor(count: number, isWatched = false) {
    this.state = begin(count, isWatched)
  }

  /** A launcher whose workers all serve: worker 0 has server 0, and so on. */
  static serving(count: number): LauncherModel {
    const model = new LauncherModel(count)
    model.give({ type: 'start' })
    model.boot(0)
    if (count > 1) model.due('grow', 0)
    for (let id = 1; id < count; id++) model.boot(id)
    return model
  }

  /** Returns what the launcher does about the input. */
  give(input: Input): readonly Effect[] {
    const [state, effects] = step(this.state, input)
    this.state = state
    for (const effect of effects) this.#note(effect)
    this.effects.push(...effects)
    return effects
  }

  /** A server that is being started is there, and serves. */
  boot(id: number): readonly Effect[] {
    return [...this.started(id), ...this.say(id, 'hello'), ...this.say(id, { type: 'serves', ownSignals: false })]
  }

  started(server: number): readonly Effect[] {
    this.pending.delete(server)
    return this.give({ type: 'started', server })
  }

  say(server: number, word: Word | 'hello' | 'listening' | 'pong' | 'handed over' | 'passed'): readonly Effect[] {
    return this.give({ type: 'said', server, word: typeof word === 'string' ? { type: word } : word })
  }

  end(server: number, exitCode: number | null = null): readonly Effect[] {
    const signal = exitCode === null ? 'SIGKILL' : null
    return this.give({ type: 'ended', server, ending: { exitCode, signal } })
  }

  /** Node refuses the command line of a server. */
  refuse(server: number): readonly Effect[] {
    return this.give({ type: 'ended', server, ending: { exitCode: 9, signal: null }, isRefused: true })
  }

  due(timer: Extract<Input, { type: 'due' }>['timer'], id: number): readonly Effect[] {
    if (!this.timers.delete(`${timer} ${id}`)) throw new Error(`nothing waits for ${timer} ${id}`)
    return this.give({ type: 'due', timer, id })
  }

  /** The service manager knows how a reload ended: the last one, or that which this caller has requested first. */
  noted(ask = this.#noting): readonly Effect[] {
    return this.give({ type: 'noted', ask })
  }

  /** Returns the number of the caller. */
  reload(reason = 'deploy'): number {
    const ask = ++this.#lastAsk
    this.give({ type: 'reload', ask, reason })
    return ask
  }

  /** Returns the number of the caller. */
  scale(wanted: WorkerCount, reason = 'load'): number {
    const ask = ++this.#lastAsk
    this.give({ type: 'scale', ask, reason, wanted })
    return ask
  }

  /** A server answers the request for a reload, starts a successor and hands over to it. Returns the successor. */
  handOver(server: number): number {
    const child = this.state.started
    this.say(server, 'pong')
    this.say(server, { type: 'start child', child: 1 })
    this.boot(child)
    this.say(server, 'handed over')
    return child
  }

  /** The outcome that a caller got; undefined: none yet. */
  outcome(ask: number): EffectOf<'answer'>['outcome'] | undefined {
    return this.answers.get(ask)?.[0]
  }

  get ending(): EffectOf<'end'>['ending'] | undefined {
    return this.effects.find((effect) => effect.do === 'end')?.ending
  }

  /** The servers that lead, by worker. */
  get leaders(): (number | undefined)[] {
    return this.state.workers.map(({ current }) => current)
  }

  #note(effect: Effect): void {
    if (effect.do === 'note end') this.#noting = effect.ask
    if (effect.do === 'wait') this.timers.set(`${effect.timer} ${effect.id}`, effect)
    if (effect.do === 'pause') this.timers.set(`restart ${effect.worker}`, { timer: 'restart', id: effect.worker })
    if (effect.do === 'cancel') this.timers.delete(`${effect.timer} ${effect.id}`)
    if (effect.do === 'forget')
      for (const timer of ['boot', 'steady', 'stop', 'force', 'kill', 'silence'])
        this.timers.delete(`${timer} ${effect.server}`)
    if (effect.do === 'start' || effect.do === 'start child') this.pending.add(effect.server)
    if (effect.do === 'answer')
      for (const ask of effect.asks) this.answers.set(ask, [...(this.answers.get(ask) ?? []), effect.outcome])
  }
}

/** What these effects tell a server, in short. */
export function told(effects: readonly Effect[]): [server: number, order: string][] {
  return effects.flatMap((effect): [number, string][] => {
    if (effect.do === 'tell') return [[effect.server, effect.order.type]]
    if (effect.do === 'undo') return [[effect.server, 'undo']]
    return effect.do === 'kill' ? [[effect.server, effect.signal]] : []
  })
}

/** Which servers these effects start. */
export function starts(effects: readonly Effect[]): number[] {
  return effects.flatMap((effect) => (effect.do === 'start' || effect.do === 'start child' ? [effect.server] : []))
}

/** What these effects log. */
export function logged(effects: readonly Effect[]): string[] {
  return effects.flatMap((effect) => (effect.do === 'log' ? [effect.about] : []))
}
