import type { Ask, Effect, Input } from '../../../lib/protocol/server.js'
import { settleAsk, untrueEnd, untrueRefusal } from './asks.js'
import { durationOf, longestDrain } from './durations.js'
import { describe } from './invariants.js'
import { killedAtWork } from './kills.js'
import type { ToChild, ToParent } from './letters.js'
import { childOf, hasClosed, lives, processOf } from './people.js'
import { breakWorld, type Process, type WorkName, type World } from './world.js'

/**
 * Carries out the effects of a machine, as a correct host does. If one takes time, it becomes work with a later
 * outcome.
 */

/** Gives a process an input, and carries out its effects. */
export function hear(world: World, process: Process, input: Input): void {
  const [server, effects] = world.machine.step(process.server, input)
  world.isTimeUp = input.type === 'due' && keepsTime(world)
  const killed = killedAtWork(world, process, input, effects)
  const lie = untrueRefusal(world, process, effects)
  if (endsBadly(process, input, effects)) breakWorld(world, `${process.id} ends badly, and no work is cut off`)
  process.server = server
  if (lie !== undefined) breakWorld(world, `process ${process.id} says that there is no reload, but ${lie}`)
  if (killed !== undefined)
    breakWorld(world, `${process.id} kills ${killed.id} (${describe(killed.server.at)}) at work`)
  for (const effect of effects) carryOut(world, process, effect)
}

/** A process that has nothing left to do itself ends well, unless somebody forces it. */
function endsBadly({ server: { at, telling } }: Process, input: Input, effects: readonly Effect[]): boolean {
  if (input.type === 'force' || at.name !== 'leaving' || at.stage !== 'waiting') return false
  if (at.failed || at.awaitsChild || at.awaitsParent || telling.length > 0) return false
  return effects.some((effect) => effect.do === 'close' && effect.code === 1)
}

type Carry<K extends Effect['do']> = (world: World, process: Process, effect: Extract<Effect, { do: K }>) => void

const nothing = (): void => {}

const HOST: { readonly [K in Effect['do']]: Carry<K> } = {
  wait: (world, process, { timer }) => {
    const set = { timer, at: world.now + durationOf(timer, world.rules) }
    process.timers = [...process.timers.filter((other) => other.timer !== timer), set]
  },
  cancel: (_world, process, { timer }) => {
    if (process.timers.length > 0) process.timers = process.timers.filter((other) => other.timer !== timer)
  },
  warn: nothing,
  queue: nothing,
  refuse: (world, process, { asks, why }) => {
    for (const ask of asks) settleAsk(world, process, ask, why)
  },
  'ask launcher': (world, process, { ask }) => {
    if (ask === undefined) return
    if (world.links === undefined) begin(process, 'launcher', ask)
    else world.links.askLauncher(process, ask)
  },
  'pass on': (world, process, { child, asks, reason }) => passOn(world, process, child, asks, reason),
  report: (world, process, { ask }) => settleAsk(world, process, ask, world.reported),
  'ask hooks': (_world, process) => begin(process, 'hooks'),
  'stop asking': (_world, process) => end(process, 'hooks'),
  'start child': (world, process, { child }) =>
    world.links === undefined ? begin(process, 'spawn', child) : world.links.startChild(process, child),
  'note child': (world, process, { reload }) => {
    const isOver = process.told.some((other) => other.reload === reload)
    if (isOver) breakWorld(world, `${process.id} says that a reload begins which has ended`)
  },
  'save state': (_world, process, { child }) => begin(process, 'save', child),
  sleep: (_world, process) => {
    process.accepts = false
  },
  wake: (world, process) => {
    if (process.drained) breakWorld(world, `${process.id} accepts again after its listeners are closed`)
    process.accepts = true
  },
  'tell child': (world, process, { child, word }) => tellChild(world, process, child, { type: 'word', word }),
  'kill child': (world, process, { child }) => {
    if (world.links !== undefined) return world.links.killChild(process, child)
    const target = childOf(world, process, child)
    if (target !== undefined && lives(target)) target.doomed = true
  },
  'hand over': (_world, process) => {
    process.moves = true
    process.owns = false
  },
  'take back': (_world, process) => {
    process.owns = true
  },
  'stop moving': (_world, process) => {
    process.moves = false
  },
  'tell launcher': (world, process, { word }) => {
    if (world.links !== undefined) world.links.tellLauncher(process, word)
    else if (word === 'passed') begin(process, 'verdict')
  },
  'report unwell': (world, process) => {
    if (world.links !== undefined) world.links.reportUnwell(process)
    else if (!process.works.some(({ name }) => name === 'verdict')) breakWorld(world, `${process.id} reports in vain`)
  },
  conclude: (world, process, { reload, child, failure }) => {
    const told = { reload, child, failure }
    const lie = untrueEnd(world, process, told)
    if (lie !== undefined) breakWorld(world, `the reload of process ${process.id} ${lie}`)
    process.told = [...process.told, told]
    begin(process, 'note', child)
  },
  'start check': (_world, process, { child }) => {
    process.checks = [...process.checks, child]
    begin(process, 'spawn', child)
  },
  'note check': nothing,
  'conclude check': (world, process, { check: reload, child, failure }) => {
    if (failure === undefined && childOf(world, process, child)?.checked !== true)
      breakWorld(world, `the check of process ${process.id} has passed, and the child has not said so`)
    process.told = [...process.told, { reload, child, failure }]
    begin(process, 'conclude', child)
  },
  answer: (world, process, { reload }) => {
    const told = process.told.find((other) => other.reload === reload)
    if (told === undefined) breakWorld(world, `${process.id} answers a reload that it has not concluded`)
    const { kind } = told?.failure ?? {}
    const outcome = kind === undefined ? 'success' : kind === 'cancelled' ? 'no check' : 'failure'
    for (const ask of reload.asks) settleAsk(world, process, ask, outcome)
  },
  offer: (_world, process) => begin(process, 'offer'),
  'load state': (_world, process) => begin(process, 'load'),
  'tell parent': (world, process, { word }) => {
    if (word.type === 'confirmed') process.confirmed = true
    if (word.type === 'checked') process.checked = true
    tellParent(world, process, { type: 'word', word })
  },
  accept: (world, process) => {
    process.accepts = process.hasAccepted = true
    hear(world, process, { type: 'accepted' })
  },
  'begin trial': nothing,
  'check health': (world, process) => {
    if (world.rules.checks) begin(process, 'check')
    else hear(world, process, { type: 'healthy' })
  },
  settle: (_world, process) => {
    process.settled = true
  },
  disown: (_world, process) => {
    process.owns = false
  },
  serve: (world, process) => {
    // A child has begun to before, or not at all.
    if (process.parent === 0) process.accepts = process.hasAccepted = true
    process.owns = true
    world.links?.serves(process)
  },
  leave: (world, process, { cause }) => {
    if (process.left !== undefined) breakWorld(world, `process ${process.id} says twice that it leaves`)
    process.left = cause
    if (cause !== 'reloaded' && cause !== 'app closes')
      world.links?.leaves(process, cause === 'error' || cause === 'rolled back')
  },
  'be lame duck': nothing,
  drain: (world, process) => {
    process.accepts = false
    process.drained = true
    beginDrain(world, process)
  },
  hurry: nothing,
  'close apps': (_world, process) => begin(process, 'close apps'),
  cut: (world, process) => {
    const early = process.works.find(({ at = 0 }) => at > world.now)
    if (early !== undefined && world.isTimeUp) breakWorld(world, `${process.id} is cut off before its time is over`)
  },
  close: (world, process, { reason, code, exits }) => {
    if (world.rules.launched && process.left === undefined)
      breakWorld(world, `process ${process.id} ends, and has not told its launcher that it leaves`)
    if (process.left === 'error' && code === 0) breakWorld(world, `process ${process.id} ends well after an error`)
    if (exits || !world.rules.lingers) endProcess(world, process, `closed: ${reason}`, undefined, code)
    else rest(process)
  },
  exit: (world, process) => {
    if (!hasClosed(process)) breakWorld(world, `process ${process.id} exits, and has not closed`)
    if (lives(process)) endProcess(world, process, 'exited')
  }
}

function carryOut(world: World, process: Process, effect: Effect): void {
  const carry = HOST[effect.do] as Carry<Effect['do']>
  if (process.throws === effect.do) {
    process.throws = undefined
    if (effect.do === 'accept') hear(world, process, { type: 'not accepted', error: undefined })
    // The host of a reload says that it is concluded in any case: `lib/reload/conclusion.ts`.
    if (effect.do !== 'conclude') return
    carry(world, process, effect)
    end(process, 'note', effect.child)
    begin(process, 'conclude', effect.child)
  } else carry(world, process, effect)
}

/** Whether limits can be measured. */
export const keepsTime = ({ rules, hasStalled }: World): boolean => rules.timers === 'in order' && !hasStalled

/** A drain joins the one that is in progress. */
function beginDrain({ rules, now }: World, process: Process): void {
  const { at = now + longestDrain(rules) } = process.works.find(({ name }) => name === 'drain') ?? {}
  const drain = { name: 'drain', of: 0 } as const
  process.works = [...process.works, rules.busy && process.hasAccepted ? { ...drain, at } : drain]
}

export function begin(process: Process, name: WorkName, of = 0): void {
  process.works = [...process.works, { name, of }]
}

export function end(process: Process, name: WorkName, of = 0): void {
  process.works = process.works.filter((work) => work.name !== name || work.of !== of)
}

/** A process that is over hears nothing, and its parent reads all that it has said before. */
export function tellParent(world: World, process: Process, letter: ToParent): void {
  const parent = processOf(world, process.parent)
  if (world.links !== undefined) world.links.tellParent(process, letter)
  else if (parent !== undefined && lives(parent)) process.toParent = [...process.toParent, letter]
}

function tellChild(world: World, process: Process, id: number, letter: ToChild): void {
  const child = childOf(world, process, id)
  if (world.links !== undefined) world.links.tellChild(process, id, letter)
  else if (child !== undefined && lives(child)) child.fromParent = [...child.fromParent, letter]
}

/** The child counts its requests itself. Its answer is for all requests of the parent. */
function passOn(world: World, process: Process, id: number, asks: readonly Ask[], reason: string): void {
  const child = childOf(world, process, id)
  if (child === undefined || !lives(child)) return
  if (asks.length > 0) world.asks.push({ process: child.id, passed: asks, outcome: undefined })
  const ask = asks.length > 0 ? world.asks.length : undefined
  tellChild(world, process, id, { type: 'reload', ask, reason })
}

/** The plugin has nothing more to do in a process that lives. */
function rest(process: Process): void {
  process.accepts = false
  process.moves = false
  process.timers = []
  process.works = []
}

/** A process has ended. The processes connected to it find out later. */
export function endProcess(
  world: World,
  process: Process,
  how: string,
  again?: string,
  exitCode: number | null = null
): void {
  if (world.links === undefined) tellParent(world, process, { type: 'ended', how, again })
  process.life = 'over'
  process.doomed = false
  process.accepts = false
  process.moves = false
  process.timers = []
  process.works = []
  process.fromParent = []
  world.links?.ended(process, exitCode)
  if (world.links !== undefined) return
  for (const other of world.processes) {
    if (other.parent !== process.id) continue
    other.toParent = []
    if (!lives(other)) continue
    // What watches over the child of a check ends it, and is the first to know: `lib/boot-watch.ts`.
    if (other.isCheck) other.doomed = true
    if (!other.isCheck || !world.rules.old) other.fromParent = [...other.fromParent, { type: 'gone' }]
  }
}
