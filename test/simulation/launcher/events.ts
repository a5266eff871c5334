import { canEnd, label, OUTCOMES } from '../events.js'
import { lives } from '../people.js'
import type { Work } from '../world.js'
import type { Fault, Rules } from './rules.js'
import { type Member, memberOf, type System } from './system.js'

/** What may happen next in a system. The launcher is number 0. */

export interface Event {
  readonly process: number
  readonly act: 'work' | 'hears' | 'due' | 'dies' | 'resumes' | 'obeys' | 'starts' | 'silent' | 'noted' | Fault
  readonly detail: string
  /** What of the budget it uses up. */
  readonly costs: Fault | undefined
}

type Add = (act: Event['act'], detail?: string) => unknown

/** How long a server may owe an answer before it gets no work. Milliseconds. */
const SILENCE = 6000

/** What happens by itself sooner or later. */
export function progress(system: System): Event[] {
  const events: Event[] = []
  const adder =
    (process: number): Add =>
    (act, detail = '') =>
      events.push({ process, act, detail, costs: undefined })
  addLauncher(system, adder(0))
  for (const member of system.processes) if (lives(member)) addMember(system, member, adder(member.id))
  return events
}

function addLauncher(system: System, add: Add): void {
  if (system.life === 'stalls') add('resumes')
  if (system.life !== 'runs') return
  for (const { id, up } of system.processes) if (up.length > 0) add('hears', String(id))
  for (const { server } of system.starts) add('starts', String(server))
  if (system.isNoting) add('noted')
  for (const { timer, id, at } of system.timers) if (canComeDue(system, undefined, at)) add('due', `${timer} ${id}`)
  for (const member of system.processes)
    if (canFallSilent(system, member) && canComeDue(system, undefined, member.stalledAt + SILENCE))
      add('silent', String(member.number))
}

function canFallSilent({ launcher }: System, { number, life }: Member): boolean {
  const server = launcher.servers.find(({ id }) => id === number)
  return life === 'stalls' && server?.stage === 'serving' && !server.isSilent
}

function addMember(system: System, member: Member, add: Add): void {
  // Whom the system is ending does nothing more.
  if (member.doomed) add('dies')
  else if (member.life === 'stalls' && !member.isHung) add('resumes')
  if (member.doomed || member.life === 'stalls') return
  for (const work of member.works) if (canEnd(member, work)) addOutcomes(add, work, 'good')
  if (member.down.length > 0) add('hears')
  if (member.signals.length > 0) add('obeys')
  for (const { timer, at } of member.timers) if (canComeDue(system, member, at)) add('due', timer)
}

function addOutcomes(add: Add, work: Work, kind: 'good' | 'bad'): void {
  for (const outcome of OUTCOMES[work.name][kind]) add('work', `${label(work)}: ${outcome}`)
}

/** Before a timer comes due, what is in the channel is read, and what the other end has passed on. */
function canComeDue(system: System, member: Member | undefined, at: number): boolean {
  const { timers, network } = system.rules as unknown as Rules
  if (member?.down.some(({ type }) => type === 'launcher gone')) return false
  if (network === 'prompt' && hasPost(system, member)) return false
  return timers === 'any' || at <= system.now || isNext(system, at)
}

/** What a server waits for comes through the launcher. */
function hasPost({ life, processes, starts, isNoting }: System, member: Member | undefined): boolean {
  if (member !== undefined && member.down.length > 0) return true
  const isRead = life === 'runs'
  if (member === undefined && (starts.length > 0 || isNoting)) return true
  return processes.some(
    ({ up, down, life: itsLife, doomed, signals }) =>
      (isRead && up.length > 0) || doomed || (itsLife === 'runs' && (down.length > 0 || signals.length > 0))
  )
}

/** Whoever stalls does not hold up the clock. */
function isNext({ processes, timers, life }: System, at: number): boolean {
  if (life === 'runs' && timers.some((other) => other.at < at)) return false
  return processes.every((one) => one.life !== 'runs' || one.timers.every((other) => other.at >= at))
}

/** What the outside may do, as far as the budget goes. */
export function faults(system: System): Event[] {
  const events: Event[] = []
  const left = system.budget as Readonly<Record<string, number>>
  for (const fault of Object.keys(left) as Fault[]) {
    if ((left[fault] ?? 0) <= 0) continue
    const add = (process: number, act: Event['act'], detail = ''): void => {
      events.push({ process, act, detail, costs: fault })
    }
    if (OF_LAUNCHER[fault] === undefined)
      for (const member of system.processes) addFault(member, fault, (act, detail) => add(member.id, act, detail))
    else for (const detail of OF_LAUNCHER[fault](system)) add(0, fault, detail)
  }
  return events
}

const runs = ({ life }: System): string[] => (life === 'runs' ? [''] : [])

const OF_LAUNCHER: Partial<Record<Fault, (system: System) => string[]>> = {
  reload: runs,
  stop: runs,
  force: runs,
  signal: runs,
  'launcher dies': ({ life }) => (life === 'runs' || life === 'stalls' ? [''] : []),
  'launcher stalls': runs,
  'no start': ({ life, starts }) => (life === 'runs' ? starts.map(({ server }) => String(server)) : [])
}

function addFault(member: Member, fault: Fault, add: Add): void {
  if (!lives(member) || member.doomed) return
  if (fault === 'kill') add('kill')
  if (fault === 'kill' || member.life === 'stalls') return
  if (fault === 'work hangs') {
    for (const work of member.works) if (canHang(work)) add('work', `${label(work)}: hangs`)
  } else if (fault === 'fail') for (const work of member.works) addOutcomes(add, work, 'bad')
  else if (CAN[fault]?.(member) !== false) add(fault)
}

const canHang = ({ name }: Work): boolean => name !== 'boot' && name !== 'own close' && name !== 'conclude'
const boots = ({ works }: Member): boolean => works.some(({ name }) => name === 'boot')
const isOpen = ({ server }: Member): boolean => server.at.name !== 'closed'

/** In which servers a fault can happen; by default in all that run. */
const CAN: Partial<Record<Fault, (member: Member) => boolean>> = {
  'boot hangs': boots,
  ask: (member) => !boots(member) && isOpen(member),
  error: (member) => !boots(member) && isOpen(member),
  'server stops': (member) => !boots(member) && isOpen(member),
  'roll back': ({ server }) => server.at.name === 'trial',
  'app closes': (member) => !boots(member) && isOpen(member) && !member.works.some(({ name }) => name === 'own close')
}

export function timeOf(system: System, { process, act, detail }: Event): number {
  if (act === 'silent') return (memberOf(system, Number(detail))?.stalledAt ?? 0) + SILENCE
  if (process > 0) return system.processes[process - 1]?.timers.find(({ timer }) => timer === detail)?.at ?? 0
  return system.timers.find(({ timer, id }) => `${timer} ${id}` === detail)?.at ?? 0
}
