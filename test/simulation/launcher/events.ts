import { SILENCE } from '../../../lib/launcher/limits.js'
import { adder, type Event } from '../kind.js'
import { addOutcomes, canEnd, dueAt as dueAtServer, isFirst, label } from '../server/events.js'
import { lives } from '../server/people.js'
import type { Work } from '../server/world.js'
import type { Fault } from './rules.js'
import { type Member, memberOf, type System } from './system.js'

/** What may happen next in a system. The launcher is number 0. */

export interface LauncherEvent extends Event {
  readonly act: 'work' | 'hears' | 'due' | 'dies' | 'resumes' | 'obeys' | 'starts' | 'silent' | 'noted' | Fault
  readonly costs: Fault | undefined
}

type Add = ReturnType<typeof adder<LauncherEvent>>

/** How often the launcher asks each server whether it answers: `lib/launcher/workers.ts`. Milliseconds. */
const PING_INTERVAL = 1000

/** How long a server that stalls may go unnoticed: until the next question, and until the answer is late. */
const UNNOTICED = PING_INTERVAL + SILENCE

/** What happens by itself sooner or later. */
export function progress(system: System): LauncherEvent[] {
  const events: LauncherEvent[] = []
  addLauncher(system, adder(events, 0))
  for (const member of system.processes) if (lives(member)) addMember(system, member, adder(events, member.id))
  return events
}

function addLauncher(system: System, add: Add): void {
  if (system.life === 'stalls') add('resumes')
  if (system.life !== 'runs') return
  for (const { id, up } of system.processes) if (up.length > 0) add('hears', String(id))
  for (const { server } of system.starts) add('starts', String(server))
  if (system.noting.length > 0) add('noted')
  for (const { timer, id, at } of system.timers) if (canComeDue(system, undefined, at)) add('due', `${timer} ${id}`)
  for (const member of system.processes)
    if (canFallSilent(system, member) && canComeDue(system, undefined, member.stalledAt + UNNOTICED))
      add('silent', String(member.number))
}

function canFallSilent({ launcher }: System, { number, life }: Member): boolean {
  const server = launcher.servers.find(({ id }) => id === number)
  return life === 'stalls' && server?.stage === 'serving' && !server.isSilent
}

function addMember(system: System, member: Member, add: Add): void {
  // A process that the system is ending does nothing more.
  if (member.doomed) add('dies')
  else if (member.life === 'stalls' && !member.isHung) add('resumes')
  if (member.doomed || member.life === 'stalls') return
  for (const work of member.works) if (canEnd(member, work) && hasTime(system, work)) addOutcomes(add, work, 'good')
  if (member.down.length > 0) add('hears')
  if (member.signals.length > 0) add('obeys')
  for (const { timer, at } of member.timers) if (canComeDue(system, member, at)) add('due', timer)
}

/** Whether work that takes its time has had it. */
function hasTime(system: System, { at }: Work): boolean {
  return at === undefined || canComeDue(system, undefined, at)
}

/** Before a timer comes due, the host reads the channel, and what the other end has passed on. */
function canComeDue(system: System, member: Member | undefined, at: number): boolean {
  const { timers, network } = system.rules
  if (member?.down.some(({ type }) => type === 'launcher gone')) return false
  if (network === 'prompt' && hasPost(system, member)) return false
  return timers === 'any' || at <= system.now || isNext(system, at)
}

/** What a server waits for comes through the launcher. */
function hasPost({ life, processes, starts, noting }: System, member: Member | undefined): boolean {
  if (member !== undefined && member.down.length > 0) return true
  const isRead = life === 'runs'
  if (member === undefined && (starts.length > 0 || noting.length > 0)) return true
  return processes.some(
    ({ up, down, life: itsLife, doomed, signals }) =>
      (isRead && up.length > 0) || doomed || (itsLife === 'runs' && (down.length > 0 || signals.length > 0))
  )
}

/** A stalled process does not hold up the clock. */
function isNext({ processes, timers, life }: System, at: number): boolean {
  if (life === 'runs' && timers.some((other) => other.at < at)) return false
  return processes.every((one) => one.life !== 'runs' || isFirst(one, at))
}

/** What the outside may do, as far as the budget goes. */
export function faults(system: System): LauncherEvent[] {
  const events: LauncherEvent[] = []
  for (const fault of Object.keys(system.budget) as Fault[]) {
    if ((system.budget[fault] ?? 0) <= 0) continue
    const ways = OF_LAUNCHER[fault]?.(system)
    if (ways === undefined)
      for (const member of system.processes) addFault(member, fault, adder(events, member.id, fault))
    else for (const detail of ways) adder(events, 0, fault)(fault, detail)
  }
  return events
}

const runs = ({ life }: System): string[] => (life === 'runs' ? [''] : [])

const OF_LAUNCHER: Partial<Record<Fault, (system: System) => string[]>> = {
  reload: runs,
  'scale up': runs,
  'scale down': runs,
  stop: runs,
  force: runs,
  signal: runs,
  'own signal': runs,
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
  unwell: ({ server }) => server.at.name === 'parent',
  'app closes': (member) => !boots(member) && isOpen(member) && !member.works.some(({ name }) => name === 'own close')
}

/** When a limit is over, of the launcher or of a server; undefined: the event is no limit. */
export function dueAt(system: System, event: Event): number | undefined {
  const { process, act, detail } = event
  if (act === 'silent') return (memberOf(system, Number(detail))?.stalledAt ?? 0) + UNNOTICED
  if (process > 0) return dueAtServer(system, event)
  return act === 'due' ? system.timers.find(({ timer, id }) => `${timer} ${id}` === detail)?.at : undefined
}
