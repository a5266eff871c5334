import type { Timer } from '../../../lib/protocol/server.js'
import { adder, type Event } from '../kind.js'
import { lives } from './people.js'
import { type Fault, THROWING } from './rules.js'
import type { Process, Work, WorkName, World } from './world.js'

/** What may happen next in a world. */

export interface ServerEvent extends Event {
  readonly act: 'work' | 'hears' | 'due' | 'dies' | 'resumes' | Fault
  readonly costs: Fault | undefined
}

/** How work ends well, and how it ends badly. */
export const OUTCOMES: Readonly<
  Record<WorkName, { readonly good: readonly string[]; readonly bad: readonly string[] }>
> = {
  hooks: { good: ['approved'], bad: ['vetoed'] },
  spawn: { good: ['started'], bad: ['not started'] },
  save: { good: ['saved'], bad: ['not saved'] },
  boot: { good: ['all listen', 'some listen'], bad: [] },
  offer: { good: ['ready'], bad: ['ready without all'] },
  load: { good: ['loaded'], bad: ['not loaded'] },
  check: { good: ['healthy'], bad: ['unhealthy'] },
  note: { good: ['noted'], bad: [] },
  conclude: { good: ['concluded'], bad: [] },
  verdict: { good: ['commit'], bad: ['undo'] },
  launcher: { good: ['answered'], bad: [] },
  drain: { good: ['drained'], bad: ['cut'] },
  'close apps': { good: ['closed'], bad: ['closed badly'] },
  'own close': { good: ['closed'], bad: [] }
}

/** The events that happen by themselves sooner or later. Without such an event, a world is at rest. */
export function progress(world: World): ServerEvent[] {
  const events: ServerEvent[] = []
  for (const process of world.processes) {
    if (!lives(process)) continue
    const add = adder(events, process.id)
    if (process.doomed) add('dies')
    if (process.life === 'stalls') {
      add('resumes')
      continue
    }
    for (const work of process.works) if (canEnd(process, work) && hasTime(world, work)) addOutcomes(add, work, 'good')
    if (process.fromParent.length > 0) add('hears', 'parent')
    for (const other of world.processes) {
      if (other.parent === process.id && other.toParent.length > 0) add('hears', String(other.id))
    }
    for (const { timer, at } of process.timers) if (canComeDue(world, process, timer, at)) add('due', timer)
  }
  return events
}

export function addOutcomes(add: (act: 'work', detail: string) => void, work: Work, kind: 'good' | 'bad'): void {
  for (const outcome of OUTCOMES[work.name][kind]) add('work', `${label(work)}: ${outcome}`)
}

/**
 * An app that closes itself waits for the drain in its own onClose hook; and a process that was killed has no time for
 * a child.
 */
export function canEnd(process: Process, { name }: Work): boolean {
  const { at } = process.server
  if (name === 'spawn') return !process.doomed
  return name !== 'own close' || (at.name === 'leaving' && at.stage !== 'draining' && at.stage !== 'lame duck')
}

/** When a timer comes due, or work that takes its time ends; undefined: the event can happen at any moment. */
export function dueAt(world: World, { process, act, detail }: Event): number | undefined {
  if (act === 'due') return world.processes[process - 1]?.timers.find(({ timer }) => timer === detail)?.at
  if (detail !== 'drain: drained') return undefined
  return world.processes[process - 1]?.works.find(({ name }) => name === 'drain')?.at
}

/** Whether work that takes its time has had it. */
function hasTime(world: World, { at }: Work): boolean {
  return at === undefined || world.rules.timers === 'any' || at <= world.now || isNext(world, at)
}

/**
 * Before a timer comes due, the host reads what is in the channel, and asks the system whether the parent lives. On a
 * slow network the channel may be empty although something is on its way.
 */
function canComeDue(world: World, process: Process, timer: Timer, at: number): boolean {
  const { timers, network } = world.rules
  if (process.fromParent.some(({ type }) => type === 'gone')) return false
  // The parent's limit is over long before this one.
  if (timer === 'word' && process.fromParent.length > 0) return false
  if (network === 'prompt' && hasPost(world, process)) return false
  return timers === 'any' || at <= world.now || isNext(world, at)
}

function hasPost(world: World, process: Process): boolean {
  if (process.fromParent.length > 0) return true
  return world.processes.some(({ parent, toParent }) => parent === process.id && toParent.length > 0)
}

/** A process that stalls does not hold up the clock. */
function isNext(world: World, at: number): boolean {
  return world.processes.every((process) => process.life !== 'runs' || isFirst(process, at))
}

/** Whether nothing of a process comes before this time. */
export function isFirst({ timers, works }: Process, time: number): boolean {
  return timers.every(({ at }) => at >= time) && works.every(({ at = time }) => at >= time)
}

/** What the outside may do, as far as the budget goes. */
export function faults(world: World): ServerEvent[] {
  const events: ServerEvent[] = []
  for (const process of world.processes) {
    if (!lives(process)) continue
    for (const fault of Object.keys(world.budget) as Fault[]) {
      if ((world.budget[fault] ?? 0) > 0) addFault(world, process, fault, events)
    }
  }
  return events
}

/** A process that stalls can only be killed; all else reaches it when it resumes. */
function addFault(world: World, process: Process, fault: Fault, events: ServerEvent[]): void {
  const add = adder(events, process.id, fault)
  if (fault === 'kill' || fault === 'kill unheard') add(fault)
  if (process.life === 'stalls') return
  if (fault === 'hang')
    for (const work of process.works) if (canHang(process, work)) add('work', `${label(work)}: hangs`)
  if (fault === 'fail') for (const work of process.works) addOutcomes(add, work, 'bad')
  for (const detail of waysOf(world, process, fault)) add(fault, detail)
}

export const label = ({ name, of }: Work): string => `${name}${of === 0 ? '' : ` ${of}`}`

/** An answer of the launcher has its limit there; and who starts the first generation waits for it himself. */
function canHang({ parent }: Process, { name }: Work): boolean {
  if (name === 'boot') return parent !== 0
  return name !== 'verdict' && name !== 'launcher' && name !== 'own close'
}

function cannotBeSent(world: World, process: Process): boolean {
  const { at } = process.server
  const isSaid =
    (at.name === 'reloading' && at.stage === 'handing over') || (at.name === 'checking' && at.stage === 'trying')
  if (!isSaid) return false
  return world.processes.some(
    ({ parent, child, fromParent }) =>
      parent === process.id && child === at.child && fromParent.some((letter) => isTakeOver(letter))
  )
}

function isTakeOver(letter: Process['fromParent'][number]): boolean {
  return letter.type === 'word' && (letter.word.type === 'take over' || letter.word.type === 'try')
}

function waysOf(world: World, process: Process, fault: Fault): readonly string[] {
  const { at } = process.server
  const is = (condition: boolean): readonly string[] => (condition ? [''] : [])
  switch (fault) {
    case 'supervised':
      return is(world.rules.launched && at.name === 'serving')
    case 'stop':
      return at.name === 'closed' ? [] : ['', 'lame duck', 'after the parent']
    case 'check':
      return is(process.parent === 0 || !process.isCheck)
    case 'roll back':
      return is(at.name === 'trial')
    case 'unwell':
    case 'silent':
      return is(at.name === 'parent')
    case 'hang up':
      return is(at.name === 'successor' && at.stage === 'booting')
    case 'kill':
    case 'kill unheard':
    case 'hang':
      return []
    case 'fail':
      return cannotBeSent(world, process) ? ['take over'] : []
    case 'throw':
      if (process.throws !== undefined) return []
      return THROWING.filter((effect) => effect !== 'accept' || at.name === 'successor')
    case 'undo':
      return is(world.rules.launched && world.processes.some(({ id }) => id !== process.id))
    case 'stall':
      return is(process.life === 'runs')
    case 'overtake':
      return is(process.fromParent.length > 1 && process.fromParent.at(-1)?.type === 'gone')
    case 'app closes':
      return is(at.name !== 'closed' && !process.works.some(({ name }) => name === 'own close'))
    default:
      return ['']
  }
}
