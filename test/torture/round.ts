import { Random } from '../simulation/random.js'
import { replay } from '../simulation/replay.js'
import type { TestServer } from '../support/server.js'
import { type Owner, startServer } from '../support/start.js'
import { TRACING_ALL, Traces } from '../support/traces.js'
import { causeOfAsk, type Evidence, tallyCauses } from './causes.js'
import { checkAnswers, checkInodes, checkPidFile, checkStop, PATHS, reloadOnce } from './checks.js'
import { Clients } from './clients.js'
import { unexplainedEnds } from './ends.js'
import { History } from './history.js'
import { Injector } from './injector.js'
import { makeSchedule, type Schedule, type Way } from './schedule.js'
import { untilSettled } from './settle.js'

/** How long a reload may take on a busy machine. Milliseconds. */
const LIMIT = 60_000

/** How a round went. */
export interface Verdict {
  readonly problems: string[]
  readonly summary: string
  /** What was done, and when. */
  readonly log: readonly string[]
  /** All that the processes have printed. */
  readonly lines: readonly string[]
  readonly traces: Traces
}

const LAUNCHERS: Readonly<Record<Way, { launcher?: string[] }>> = {
  plain: {},
  launcher: { launcher: [] },
  workers: { launcher: ['--workers', '2'] }
}

/** Starts servers and clients, injects faults, and checks what is left. */
export async function playRound(seed: number, way: Way): Promise<Verdict> {
  const schedule = makeSchedule(new Random(seed), way)
  const teardowns: Array<() => unknown> = []
  const owner = { teardown: (end: () => unknown) => teardowns.push(end) } as unknown as Owner
  const server = await startServer(owner, {
    ...LAUNCHERS[way],
    script: 'mixed.cjs',
    env: TRACING_ALL,
    config: { ...PATHS, options: { ...PATHS.options, probation: schedule.probation }, extra: { fastify: [{}, {}] } }
  })
  const round = new Round(server, way)
  const problems = await round.play(schedule).catch((error: Error) => [error.message])
  for (const end of teardowns) await Promise.resolve(end()).catch((error: Error) => problems.push(error.message))
  return { problems, ...round.verdict }
}

class Round {
  readonly #server: TestServer
  readonly #count: number
  readonly #port: number
  readonly #traces: Traces
  readonly #history: History
  readonly #injector: Injector
  #summary = 'not done'

  constructor(server: TestServer, way: Way) {
    this.#server = server
    this.#count = way === 'workers' ? 2 : 1
    this.#port = (server.target() as { port: number }).port
    this.#traces = new Traces(server.output)
    this.#history = new History(server.output)
    this.#injector = new Injector(server, this.#traces, this.#port)
  }

  get verdict(): Omit<Verdict, 'problems'> {
    const lines = this.#server.output.texts(/^/)
    return { summary: this.#summary, log: this.#injector.log, lines, traces: this.#traces }
  }

  async play(schedule: Schedule): Promise<string[]> {
    await this.#settled()
    const clients = new Clients({ host: '127.0.0.1', port: this.#port })
    const [pids, ...problems] = await this.#suffer(schedule).finally(() => clients.stop())
    problems.push(...(await this.#judgeClients(clients, pids.length === 0)))
    problems.push(...this.#judgeEnds(pids))
    problems.push(...(pids.length === 0 ? [] : await this.#judgeService(pids)))
    return [...problems, ...this.#judgeTraces()]
  }

  async #suffer({ faults, last }: Schedule): Promise<[pids: number[], ...problems: string[]]> {
    try {
      await this.#injector.run(faults)
    } finally {
      await this.#injector.release()
    }
    const isAlive = (await this.#settled()).length > 0
    if (last !== undefined && isAlive) await this.#injector.run([last])
    return this.#settle()
  }

  /**
   * When a reload requested now is answered or refused, the reloads that the launcher had still to begin are over
   * too.
   */
  async #settle(): Promise<[pids: number[], ...problems: string[]]> {
    const pids = await this.#settled()
    if (pids.length === 0) return [pids]
    const problem = await this.#server.waitFor(reloadOnce(this.#port), 'answer to the last reload', LIMIT)
    const isStopped = this.#injector.of('stop').length > 0
    const left = await this.#settled()
    return problem === undefined || isStopped ? [left] : [left, problem]
  }

  #settled(): Promise<number[]> {
    return untilSettled(this.#server, this.#traces, this.#count)
  }

  async #judgeClients({ failures, requests }: Clients, isGone: boolean): Promise<string[]> {
    const { asks } = this.#injector
    await this.#server.waitFor(Promise.all(asks.map(({ over }) => over)), 'answer to all who asked for a reload', LIMIT)
    const evidence = this.#evidence(isGone)
    const [causes, problems] = tallyCauses(failures, evidence)
    const unanswered = asks.filter((ask) => ask.status === undefined)
    for (const ask of unanswered)
      if (causeOfAsk(ask, evidence) === undefined)
        problems.push(`a reload was not answered without a cause: ${ask.text}`)
    const failed = failures.length === 0 ? 'none failed' : `${failures.length} failed (${causes.join('; ')})`
    this.#summary = `${this.#injector.deeds.length} faults, ${this.#traces.pids.length} processes, ${requests} requests, ${failed}, ${asks.length - unanswered.length} of ${asks.length} reloads answered${isGone ? ', nobody left' : ''}`
    return problems
  }

  #judgeEnds(pids: readonly number[]): string[] {
    const { deeds } = this.#injector
    const problems = unexplainedEnds(this.#server, this.#traces, this.#evidence(pids.length === 0))
    const ends = deeds.filter(({ kind }) => kind === 'kill' || kind === 'stop' || kind === 'throw')
    if (pids.length === 0 && ends.length === 0) problems.push('nobody is left, and nothing has ended them')
    return problems
  }

  async #judgeService(pids: readonly number[]): Promise<string[]> {
    const [server, port] = [this.#server, this.#port]
    const problems = await checkAnswers(server, port, pids)
    problems.push(...checkInodes(server, port, pids), ...(await checkPidFile(server, pids)))
    return [...problems, ...(await checkStop(server, port, pids))]
  }

  #judgeTraces(): string[] {
    const { pids, launcher } = this.#traces
    return [...pids, ...(launcher === undefined ? [] : [launcher])].flatMap((pid) => {
      const difference = replay(this.#traces.textOf(pid))
      return difference === undefined ? [] : [`the trace of ${pid} cannot be replayed: ${difference}`]
    })
  }

  #evidence(isGone: boolean): Evidence {
    return { injector: this.#injector, history: this.#history, isGone }
  }
}
