import { restartPause } from '../../../lib/launcher/backoff.js'
import { limitOf } from '../../../lib/launcher/limits.js'
import type { Effect, Failure, Input, Outcome, Timer } from '../../../lib/protocol/launcher.js'
import { describe } from '../server/invariants.js'
import { processOf } from '../server/people.js'
import { breakWorld } from '../server/world.js'
import { killedAtWork } from './kills.js'
import { tell } from './links.js'
import { missingNotice } from './notices.js'
import { serviceOf } from './rules.js'
import { type EffectOf, type Member, memberOf, type System } from './system.js'
import { leavesNobody, untrueAnswer, untrueCount, untrueEnding, untrueFailure, untrueUnscaled } from './truth.js'

/** Carries out what a launcher wants, as an honest host does. */

const SERVER_TIMERS: readonly Timer[] = ['boot', 'steady', 'stop', 'force', 'kill', 'silence']

/** Gives the launcher an input, and carries out its effects. */
export function hearLauncher(system: System, input: Input): void {
  const before = system.launcher
  const wasCommitting = before.roll?.stage === 'committing'
  const [launcher, effects] = system.launcherMachine.step(before, input)
  system.launcher = launcher
  const unsaid = missingNotice(before, launcher, input, effects)
  if (unsaid !== undefined) breakWorld(system, `the launcher does not say "${unsaid}"`)
  const killed = killedAtWork(system, before, input, effects)
  if (killed !== undefined) breakWorld(system, `process ${killed.id} (${describe(killed.server.at)}) is killed at work`)
  if (leavesNobody(before, launcher, input)) breakWorld(system, 'workers leave, and nobody who answers stays')
  const failure = launcher.roll?.failure
  if (wasCommitting && failure !== undefined) system.isMixed = true
  const told = effects.flatMap((effect) =>
    effect.do === 'answer' && 'failure' in effect.outcome ? [effect.outcome] : []
  )
  const failures = new Set([failure, ...told.map((outcome) => outcome.failure)])
  // The reason of a reload that has failed was looked at then.
  for (const one of failures) if (one !== undefined && one !== before.roll?.failure) blame(system, one)
  if (isConcludedByAnother(input, effects)) breakWorld(system, 'a reload is concluded by the note of another one')
  for (const effect of effects) (HOST[effect.do] as Carry<Effect['do']>)(system, effect)
}

function isConcludedByAnother(input: Input, effects: readonly Effect[]): boolean {
  const answered = effects.find((effect) => effect.do === 'answer')
  return input.type === 'noted' && answered !== undefined && !answered.asks.some((ask) => ask === input.ask)
}

function blame(system: System, failure: Failure): void {
  const lie = untrueFailure(system, failure)
  if (lie !== undefined) breakWorld(system, `a reload has failed, it is said, because ${lie}`)
}

type Carry<D extends Effect['do']> = (system: System, effect: EffectOf<D>) => void

const nothing = (): void => {}

const HOST: { readonly [D in Effect['do']]: Carry<D> } = {
  wait: (system, effect) => {
    const { timer, id } = effect
    const server = timer === 'turn' ? system.launcher.workers.find((one) => one.id === id)?.current : id
    const age = system.now - (memberOf(system, server)?.startedAt ?? system.now)
    setTimer(system, timer, id, limitOf(effect, serviceOf(system.rules), age))
  },
  cancel: (system, { timer, id }) => cancelTimer(system, timer, id),
  forget: (system, { server }) => {
    for (const timer of SERVER_TIMERS) cancelTimer(system, timer, server)
  },
  pause: (system, { worker, crashes }) => setTimer(system, 'restart', worker, restartPause(crashes, 0)),
  start: (system, { server, like, isNew }) => {
    if (system.isReleased) breakWorld(system, `server ${server} is started without sockets`)
    const release = isNew ? system.rolls : (memberOf(system, like)?.release ?? 0)
    const worker = system.launcher.servers.find(({ id }) => id === server)?.worker ?? 0
    system.starts = [...system.starts, { server, parent: 0, child: 0, worker, release }]
  },
  'start child': (system, { server, parent, child }) => {
    if (system.isReleased) breakWorld(system, `server ${server} is started without sockets`)
    const { id, worker } = memberOf(system, parent) as Member
    system.starts = [...system.starts, { server, parent: id, child, worker, release: system.rolls }]
  },
  'refuse child': (system, { parent, child }) => tell(memberOf(system, parent), { type: 'child not started', child }),
  tell: (system, { server, order }) => {
    const member = memberOf(system, server)
    if (order.type === 'ping') ping(member)
    else tell(member, { type: 'order', order })
  },
  undo: (system, { server }) => tell(memberOf(system, server), { type: 'undo' }),
  kill: (system, { server, signal }) => {
    const member = memberOf(system, server)
    if (member !== undefined && signal === 'SIGKILL') member.isHurt = true
    if (member === undefined || member.life === 'over') return
    if (signal === 'SIGKILL') member.doomed = true
    else member.signals = [...member.signals, signal]
  },
  release: (system) => {
    if (system.isReleased) breakWorld(system, 'the sockets are released twice')
    system.isReleased = true
  },
  follow: (system, { server, isFirst, isReloading }) => {
    if (isFirst !== (system.leader === undefined)) breakWorld(system, `server ${server} is not the first one, or is`)
    if (isReloading !== (system.launcher.roll !== undefined))
      breakWorld(system, `server ${server} serves in a reload, or does not`)
    system.leader = server
  },
  'note reload': (system) => {
    system.rolls++
  },
  'note end': (system, { ask, failure }) => {
    system.noting = [...system.noting, ask]
    if (failure !== undefined) return
    system.release = system.rolls
    system.isMixed = false
  },
  'note stop': (system) => {
    system.stoppedAt ??= system.now
  },
  answer: (system, { asks, outcome }) => {
    const lie = 'unscaled' in outcome ? untrueUnscaled(system, outcome.unscaled) : undefined
    if (lie !== undefined) breakWorld(system, `the number of workers stays, it is said, because ${lie}`)
    for (const ask of asks) answer(system, ask, outcome)
  },
  log: nothing,
  end: (system, { ending }) => {
    const lie = untrueEnding(system, ending)
    if (lie !== undefined) breakWorld(system, `the launcher ends with ${JSON.stringify(ending)}, and ${lie}`)
    system.life = 'ended'
    system.endedAt = system.now
    system.timers = []
  }
}

/** Asks whether a server answers, if it does not owe an answer already. */
export function ping(member: Member | undefined): void {
  if (member === undefined || member.owes) return
  member.owes = true
  tell(member, { type: 'order', order: { type: 'ping' } })
}

function setTimer(system: System, timer: Timer, id: number, duration: number): void {
  cancelTimer(system, timer, id)
  system.timers = [...system.timers, { timer, id, at: system.now + duration }]
}

/** A limit is over. */
export function comeDue(system: System, timer: Timer, id: number): void {
  cancelTimer(system, timer, id)
  hearLauncher(system, { type: 'due', timer, id })
}

function cancelTimer(system: System, timer: Timer, id: number): void {
  system.timers = system.timers.filter((other) => other.timer !== timer || other.id !== id)
}

function answer(system: System, ask: number, told: Outcome): unknown {
  const caller = system.callers[ask - 1]
  const outcome = 'failure' in told || 'unscaled' in told ? 'failure' : 'success'
  const lie =
    caller === undefined
      ? 'nobody has asked'
      : (untrueAnswer(system, caller, outcome) ?? untrueCount(system, caller, told))
  if (caller === undefined || lie !== undefined)
    return breakWorld(system, `ask ${ask} of the launcher is told "${outcome}", but ${lie}`)
  system.callers = system.callers.map((one, index) => (index === ask - 1 ? { ...one, outcome } : one))
  const asked = processOf(system, caller.process) as Member | undefined
  return tell(asked, { type: 'answered', ask: caller.ask, outcome })
}
