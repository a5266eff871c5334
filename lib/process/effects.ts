import { ForcedError, NoCheckError, NotListeningError, OutcomeUnknownError, StoppingError } from '../errors.js'
import { leaveToDrain } from '../internals/stoppable.js'
import type { Effect, Refusal, Timer, Warning } from '../protocol/server.js'
import { Deadlines } from '../util/deadline.js'
import { toError } from '../util/to-error.js'
import { type EffectHandler, failureOf } from './host.js'
import { limitOf } from './limits.js'
import type { Parts } from './parts.js'

type Of<D extends Effect['do']> = Extract<Effect, { do: D }>

type Table = { readonly [D in Effect['do']]: (effect: Of<D>) => unknown }

/** Turns what the machine of this process decides into calls. */
export class Effects implements EffectHandler<Effect> {
  readonly #find: () => Parts
  readonly #deadlines = new Deadlines<Timer>((timer, since) => this.#due(timer, since))
  #table: Table | undefined

  /** @param find - the parts, which need the host of this handler themselves */
  constructor(find: () => Parts) {
    this.#find = find
  }

  carryOut(effect: Effect): unknown {
    this.#table ??= tableOf(this.#find(), this.#deadlines)
    const carryOut = this.#table[effect.do] as (effect: Effect) => unknown
    return carryOut(effect)
  }

  rested(): void {
    if (this.#find().host.at.name === 'closed') this.#deadlines.clear()
  }

  failed(effect: Effect, error: unknown): void {
    this.#find().service.log.warn(failureOf(effect, error), toError(error))
  }

  /** A limit counts only for a process that lives. */
  #due(timer: Timer, since: number): void {
    const { host, asChild, service } = this.#find()
    asChild?.look()
    const isCutOff = service.launcher?.pulse.hasPaused(since) === true
    host.tell({ type: 'due', timer, ...(isCutOff && { isCutOff }) })
  }
}

function tableOf(parts: Parts, deadlines: Deadlines<Timer>): Table {
  return {
    wait: ({ timer }) => deadlines.wait(timer, limitOf(timer, parts)),
    cancel: ({ timer }) => deadlines.cancel(timer),
    ...requestsOf(parts),
    ...parentsOf(parts),
    ...childsOf(parts),
    ...endOf(parts)
  }
}

function requestsOf(parts: Parts) {
  const { service, callers, asParent } = parts
  return {
    warn: ({ about, reason }) => service.log.warn(WARNINGS[about](reason)),
    queue: ({ reason }) => service.log.announce('reload-queued', { reason }),
    refuse: ({ asks, why, reason }) => callers.answer(asks, refusal(why, reason)),
    'ask launcher': (effect) => askLauncher(parts, effect),
    'pass on': ({ child, asks, reason }) => asParent.passOn(child, asks, reason),
    report: ({ ask }) => callers.report(ask)
  } satisfies Partial<Table>
}

function parentsOf({ service, asParent, conclusion }: Parts) {
  return {
    'ask hooks': ({ reload }) => asParent.askHooks(reload),
    'stop asking': () => asParent.stopAsking(),
    'start child': ({ child }) => asParent.start(child),
    'note child': ({ child, reload }) => asParent.noteChild(child, reload),
    'save state': ({ child }) => asParent.saveState(child),
    sleep: ({ child }) => asParent.sleep(child),
    wake: () => service.listeners.wake(),
    'tell child': ({ child, word }) => asParent.tell(child, word),
    'kill child': ({ child }) => asParent.successors.kill(child),
    'hand over': ({ child }) => asParent.handOver(child),
    'take back': () => asParent.takeBack(),
    'stop moving': () => asParent.stopMoving(),
    'tell launcher': ({ word }) => service.launcher?.tellOfReload(word),
    'report unwell': ({ how }) => service.launcher?.tellUnwell(conclusion.rolledBack(how)),
    conclude: (effect) => conclusion.conclude(effect),
    'start check': ({ child }) => asParent.startCheck(child),
    'note check': ({ child, check }) => asParent.noteCheck(child, check),
    'conclude check': (effect) => conclusion.concludeCheck(effect),
    answer: ({ reload }) => conclusion.answer(reload)
  } satisfies Partial<Table>
}

function childsOf({ service, asChild, serves }: Parts) {
  return {
    offer: () => asChild?.offer(),
    'load state': () => asChild?.loadState(),
    'tell parent': ({ word }) => asChild?.tell(word),
    accept: () => asChild?.accept(),
    'begin trial': () => asChild?.beginTrial(),
    'check health': () => asChild?.checkHealth(),
    settle: ({ orphan }) => asChild?.settle(orphan),
    disown: () => disown(service, asChild),
    serve: () => serves()
  } satisfies Partial<Table>
}

function endOf(parts: Parts) {
  const { service, shutdown, exit } = parts
  return {
    leave: (effect) => leave(parts, effect),
    'be lame duck': ({ reason }) => service.log.announce('lame-duck', { reason, duration: service.options.lameDuck }),
    drain: (effect) => drain(parts, effect),
    hurry: () => shutdown.hurry(),
    'close apps': () => closeApps(parts),
    cut: ({ reason }) => shutdown.cut(reason),
    close: (effect) => close(parts, effect),
    exit: ({ code }) => exit(code)
  } satisfies Partial<Table>
}

function askLauncher({ host, service, callers }: Parts, { ask, reason }: Of<'ask launcher'>): void {
  const asked = service.launcher?.ask(reason) ?? Promise.reject(new StoppingError('there is no launcher'))
  void asked.catch(toError).then((outcome) => {
    if (ask === undefined) return
    callers.learn(ask, outcome)
    host.tell({ type: 'answered', ask })
  })
}

function leave(parts: Parts, { cause, reason, child, childLeads }: Of<'leave'>): void {
  const { service, asParent, asChild } = parts
  for (const { server } of service.listeners.open) leaveToDrain(server)
  asParent.endHealth()
  asParent.successors.releaseKept()
  asChild?.endHealth()
  if (cause !== 'reloaded' && cause !== 'app closes')
    service.launcher?.leaves(cause === 'error' || cause === 'rolled back')
  if (cause !== 'asked' && cause !== 'error') return
  if (cause === 'asked') {
    service.foreignHandlers.hear(reason)
    asParent.successors.stopFormer(reason, child)
  }
  const pid = child === undefined ? undefined : asParent.successors.get(child)?.pid
  const limit = limitOf('stop', parts) as number
  if (childLeads && pid !== undefined) service.notices.stoppingWith(pid, limit)
  else service.notices.stopping(limit)
}

/** The service is the parent's again. */
function disown(service: Parts['service'], asChild: Parts['asChild']): void {
  asChild?.giveBack()
  service.disown()
}

async function drain({ host, shutdown, asParent }: Parts, { cause, reason }: Of<'drain'>): Promise<void> {
  asParent.endFarewell()
  host.tell({ type: 'drained', cut: await shutdown.drain(cause, reason) })
}

async function closeApps({ host, shutdown }: Parts): Promise<void> {
  const reason = host.at.name === 'leaving' ? host.at.reason : ''
  host.tell({ type: 'apps closed', failed: await shutdown.closeApps(reason) })
}

function close({ service, asParent, ended }: Parts, { reason, code, exits }: Of<'close'>): void {
  try {
    // A process that has not served closes what it has bound itself; what it inherited is its parent's.
    if (exits) service.listeners.close(service.listeners.open.filter(({ index }) => index === undefined))
    service.end(reason, exits ? code || Number(process.exitCode ?? 0) : code)
    asParent.successors.release()
  } finally {
    ended({ code, exits, reason }, code === 0 ? undefined : new ForcedError(reason, 'work in progress'))
  }
}

const WARNINGS: Readonly<Record<Warning, (reason: string) => string>> = {
  orphan: () => 'the parent process is gone; this process will serve as soon as it is ready',
  'silent parent': () =>
    'the parent has not reported the end of the reload; until it does, this process refuses further reloads',
  'not taken back': (reason) => `the parent does not take the service back (${reason}); this process goes on serving`,
  'too late': (reason) =>
    `too late to roll back (${reason}): the reload has succeeded, and this process goes on serving`
}

function refusal(why: Refusal, reason: string): Error {
  if (why === 'not listening') return new NotListeningError()
  if (why === 'no check') return new NoCheckError(reason)
  return why === 'stopping' ? new StoppingError(reason) : new OutcomeUnknownError(reason)
}
