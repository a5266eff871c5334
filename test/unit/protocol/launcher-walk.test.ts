import t from 'tap'
import { type Input, isAlive, type Server, type Word } from '../../../lib/protocol/launcher.js'
import type { ReloadResult } from '../../../lib/reload/reload-result.js'
import { LauncherModel } from '../../support/launcher-model.js'

/** The same seed takes the same walk. For longer ones, give more of them in SEEDS. */
const SEEDS = (process.env.SEEDS ?? Array.from({ length: 100 }, (_, index) => index + 1).join()).split(',').map(Number)
const STEPS = 400

/** https://en.wikipedia.org/wiki/Lehmer_random_number_generator */
function randomOf(seed: number): () => number {
  let state = (seed * 16_807) % 2_147_483_647
  return () => {
    state = (state * 48_271) % 2_147_483_647
    return state / 2_147_483_647
  }
}

const WORDS: Word[] = [
  ...(['hello', 'listening', 'pong', 'pong', 'handed over', 'passed'] as const).map((type) => ({ type })),
  ...[false, false, false, true].map((ownSignals) => ({ type: 'serves', ownSignals }) as const),
  { type: 'leaves', isError: false },
  { type: 'leaves', isError: true },
  { type: 'start child', child: 1 },
  { type: 'start child', child: 2 },
  { type: 'roll back' },
  { type: 'reload made', result: {} as ReloadResult },
  { type: 'reload failed', error: { name: 'Error', message: 'no' } },
  { type: 'unwell', error: { name: 'Error', message: 'no' } }
]

/** A walk over what can happen, likely or not: servers say anything at any time. */
class Walk {
  readonly model: LauncherModel
  readonly asks: number[] = []
  readonly #random: () => number

  constructor(seed: number) {
    this.#random = randomOf(seed)
    this.model = new LauncherModel(1 + Math.floor(this.#random() * 3))
    this.model.give({ type: 'start' })
  }

  pick<T>(items: readonly T[]): T | undefined {
    return items[Math.floor(this.#random() * items.length)]
  }

  step(): void {
    const dice = this.#random()
    const { model } = this
    if (dice < 0.03) this.asks.push(model.reload())
    else if (dice < 0.035) this.asks.push(model.scale({ by: dice < 0.0325 ? 1 : -1 }))
    else if (dice < 0.0375) this.#give({ type: 'forward', signal: 'SIGHUP' })
    else if (dice < 0.04) model.noted()
    else if (dice < 0.2) this.#timer()
    else if (dice < 0.4) this.#start()
    else this.#server(dice)
  }

  /** Takes what is left until the launcher ends: every server ends, or a timer comes due. */
  finish(): void {
    const { model } = this
    for (let left = 10_000; left > 0 && model.ending === undefined; left--) {
      const dice = this.#random()
      if (dice < 0.3) this.#start()
      else if (dice < 0.7) this.#timer()
      else this.#server(dice < 0.75 ? 0.42 : 0.9)
    }
  }

  #give(input: Input | undefined): void {
    if (input !== undefined) this.model.give(input)
  }

  #timer(): void {
    const timer = this.pick([...this.model.timers.values()])
    if (timer !== undefined) this.model.due(timer.timer, timer.id)
    else this.model.noted()
  }

  #start(): void {
    const server = this.pick([...this.model.pending])
    if (server === undefined) return
    if (this.#random() < 0.9) this.model.started(server)
    else {
      this.model.pending.delete(server)
      this.model.give({ type: 'not started', server, error: new Error('EAGAIN') })
    }
  }

  #server(dice: number): void {
    const { model } = this
    const server = this.pick(model.state.servers.filter((one) => isAlive(one) && one.stage !== 'starting'))
    if (server === undefined) return
    const word = this.pick(WORDS) as Word
    // Each server serves once, and begins a reload only on request.
    const isOdd = word.type === 'serves' && server.stage === 'serving'
    if (dice < 0.45) model.end(server.id, this.pick([0, 1, null]) ?? null)
    else if (dice < 0.5) model.give({ type: 'silent', server: server.id })
    else if (!isOdd) model.say(server.id, word)
  }
}

/** What must be true after each step; the first thing that is not. */
function flaw({ state, timers, pending, answers }: LauncherModel): string | undefined {
  const { phase, servers, workers, roll } = state
  const isHeir = (id: number | undefined) => servers.some((one) => one.parent === id && isAlive(one))
  const mustLead = ({ id, worker, parent, stage, leaves, isKilled, isTold }: Server) =>
    phase === 'running' &&
    parent === undefined &&
    (stage === 'booting' || stage === 'serving') &&
    leaves === 'no' &&
    !isKilled &&
    !isTold &&
    !isHeir(id) &&
    workers.some((one) => one.id === worker) &&
    workers.find((one) => one.id === worker)?.current !== id
  const stray = servers.find((one) => mustLead(one) && !servers.some(({ parent }) => parent === one.id))
  if (stray !== undefined && !wasSucceeded.has(stray.id))
    return `server ${stray.id} serves beside the one of its worker`
  for (const { id, current, next, isOver } of workers) {
    const server = servers.find((one) => one.id === current)
    const isDown = current !== undefined && !isAlive(server) && next === 'none'
    if (phase === 'running' && isDown && !isOver && !isHeir(current)) return `worker ${id} is down for good`
    if (next === 'pausing' && !timers.has(`restart ${id}`)) return `worker ${id} pauses for ever`
    const isStarting = servers.some((one) => one.worker === id && one.stage === 'starting' && pending.has(one.id))
    if (next === 'starting' && !isStarting) return `worker ${id} waits for a start for ever`
  }
  for (const { id, stage, isKilled } of servers) {
    const isLimited = ['stop', 'force', 'kill'].some((timer) => timers.has(`${timer} ${id}`))
    if (phase === 'stopping' && (stage === 'booting' || stage === 'serving') && !isLimited)
      return `server ${id} may take for ever to stop`
    if (isKilled && stage !== 'starting' && stage !== 'ended' && !timers.has(`kill ${id}`))
      return `the end of server ${id} is awaited for ever`
  }
  for (const { worker, stage, isSpoiled } of roll?.turns ?? []) {
    const isFree = ['over', 'restarted', 'killing'].includes(stage) || (stage === 'passed' && !isSpoiled)
    if (!isFree && !timers.has(`turn ${worker}`)) return `worker ${worker} may be ${stage} for ever`
  }
  return [...answers].find(([, { length }]) => length !== 1) && 'a caller was answered twice'
}

/** Servers that have handed over for good; their successors may be forgotten before they are. */
const wasSucceeded = new Set<number>()

t.test(
  'whatever happens, no worker is lost, every wait has a limit, every caller is answered, and a stop ends all',
  async (t) => {
    for (const seed of SEEDS) {
      const walk = new Walk(seed)
      const { model } = walk
      wasSucceeded.clear()
      const check = (when: string) => {
        for (const { parent } of model.state.servers) if (parent !== undefined) wasSucceeded.add(parent)
        const found = flaw(model)
        if (found !== undefined) t.fail(`seed ${seed}, ${when}: ${found}`)
        return found === undefined
      }
      for (let at = 0; at < STEPS && model.ending === undefined; at++) {
        walk.step()
        if (!check(`step ${at}`)) return
      }
      model.give({ type: 'stop', signal: 'SIGTERM' })
      if (!check('stop')) return
      walk.finish()
      const unanswered = walk.asks.filter((ask) => model.answers.get(ask)?.length !== 1)
      if (model.ending === undefined) return void t.fail(`seed ${seed}: a stop does not end`)
      if (unanswered.length > 0) return void t.fail(`seed ${seed}: ${unanswered} have no answer`)
      if (!check('end')) return
    }
    t.pass(`${SEEDS.length} walks`)
  }
)
