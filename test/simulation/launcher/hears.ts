import { stopLimit } from '../../../lib/launcher/limits.js'
import { answerAsParent } from '../../../lib/protocol/launcher-parent.js'
import type { WorkerCount } from '../../../lib/protocol/worker-count.js'
import { ask } from '../server/asks.js'
import { fromParent } from '../server/happen.js'
import { endProcess, hear } from '../server/host.js'
import type { ToParent } from '../server/letters.js'
import { childOf, processOf } from '../server/people.js'
import { report } from '../server/works.js'
import { hearLauncher } from './host.js'
import { say, tell } from './links.js'
import { serviceOf } from './rules.js'
import type { Down, Member, System, Up } from './system.js'

/** The messages between launcher and servers, and those that the launcher passes on unread. */

/** The launcher reads the next thing that a server has said. */
export function launcherHears(system: System, member: Member): void {
  const [letter, ...rest] = member.up
  member.up = rest
  if (letter !== undefined) read(system, member, letter)
}

function read(system: System, member: Member, letter: Up): unknown {
  switch (letter.type) {
    case 'word':
      if (letter.word.type === 'pong') member.owes = false
      return hearLauncher(system, { type: 'said', server: member.number, word: letter.word })
    case 'to parent':
      return passToParent(system, member, letter.letter)
    case 'to child': {
      const child = joinedChild(system, member, letter.child)
      return tell(child, { type: 'from parent', letter: letter.letter })
    }
    case 'kill child': {
      const child = joinedChild(system, member, letter.child)
      return child !== undefined && child.life !== 'over' && Object.assign(child, { doomed: true })
    }
    case 'ask':
      return askLauncher(system, member.id, letter.ask)
    case 'ended':
      return bury(system, member, letter.ending)
    default:
      return letter satisfies never
  }
}

function joinedChild(system: System, member: Member, child: number): Member | undefined {
  const found = childOf(system, member, child) as Member | undefined
  return found?.isJoined === true && !found.isBuried ? found : undefined
}

/** Somebody asks the launcher for a reload. */
export function askLauncher(system: System, process: number, number: number): void {
  addCaller(system, process, number, undefined)
  hearLauncher(system, { type: 'reload', ask: system.callers.length, reason: 'deploy' })
}

/** Somebody asks the launcher for another number of workers. */
export function scaleLauncher(system: System, wanted: WorkerCount): void {
  addCaller(system, 0, 0, wanted)
  hearLauncher(system, { type: 'scale', ask: system.callers.length, reason: 'load', wanted })
}

function addCaller(system: System, process: number, ask: number, wanted: WorkerCount | undefined): void {
  const caller = { process, ask, wanted, born: system.processes.length, at: system.now, outcome: undefined }
  system.callers = [...system.callers, caller]
}

/** A server that has no parent serves as soon as it can: the launcher says the words of one. */
function passToParent(system: System, member: Member, letter: ToParent): void {
  const { isJoined, child, number } = member
  if (isJoined) {
    tell(processOf(system, member.parent) as Member, { type: 'from child', child, letter })
    if (letter.type === 'word' && letter.word.type === 'roll back')
      hearLauncher(system, { type: 'said', server: number, word: { type: 'roll back' } })
    return
  }
  if (letter.type !== 'word') return
  const type = answerAsParent(letter.word.type)
  if (type !== undefined) tell(member, { type: 'from parent', letter: { type: 'word', word: { type } } })
}

function bury(system: System, member: Member, ending: Extract<Up, { type: 'ended' }>['ending']): void {
  member.isBuried = true
  if (member.isJoined) tell(processOf(system, member.parent) as Member, { type: 'child ended', child: member.child })
  for (const other of system.processes) if (other.parent === member.id) other.isJoined = false
  if (mayHaveObeyed(system, member, ending)) system.excuse ??= 'own signal'
  hearLauncher(system, { type: 'ended', server: member.number, ending })
}

/** It has left soon after the signal, as if the signal had been an order. A limit may come late. */
function mayHaveObeyed(
  { launcher, now, rules, hasStalled }: System,
  { number, signalledAt }: Member,
  { exitCode }: Extract<Up, { type: 'ended' }>['ending']
): boolean {
  if (signalledAt === undefined) return false
  const leaves = launcher.servers.find(({ id }) => id === number)?.leaves === 'freely'
  const isSoon = now - signalledAt <= 2 * stopLimit(serviceOf(rules)) || hasStalled || rules.timers === 'any'
  return isSoon && (leaves || exitCode !== null)
}

/** A server reads the next thing that the launcher has said. */
export function serverHears(system: System, member: Member): void {
  const [letter, ...rest] = member.down
  member.down = rest
  if (letter !== undefined) obey(system, member, letter)
}

function obey(system: System, member: Member, letter: Down): unknown {
  switch (letter.type) {
    case 'order':
      return obeyOrder(system, member, letter.order)
    case 'undo':
      return hear(system, member, { type: 'undo', reason: 'another worker failed' })
    case 'from parent':
      return hear(system, member, fromParent(letter.letter))
    case 'from child':
      return hearChild(system, member, letter)
    case 'child started':
      return hear(system, member, { type: 'started', child: letter.child })
    case 'child not started':
      return hear(system, member, { type: 'not started', child: letter.child, error: undefined })
    case 'child ended':
      return hear(system, member, { type: 'child ended', child: letter.child, how: 'ended', again: undefined })
    case 'answered':
      return report(system, member, [letter.ask], letter.outcome)
    case 'launcher gone':
      return loseLauncher(system, member)
    default:
      return letter satisfies never
  }
}

function obeyOrder(system: System, member: Member, order: Extract<Down, { type: 'order' }>['order']): unknown {
  switch (order.type) {
    case 'ping':
      return say(system, member, { type: 'word', word: { type: 'pong' } })
    case 'commit':
      return hear(system, member, { type: 'commit' })
    case 'parent ended':
      return hear(system, member, { type: 'parent gone' })
    case 'make reload':
      member.turn = ask(system, member)
      return hear(system, member, { type: 'reload', ask: member.turn, reason: order.reason, supervised: true })
    case 'stop':
    case 'leave':
      return stop(system, member, order.reason)
    case 'force':
      member.end = 'forced'
      return hear(system, member, { type: 'force', reason: order.reason })
    default:
      return order satisfies never
  }
}

function stop(system: System, member: Member, reason: string): void {
  hear(system, member, { type: 'stop', reason, cause: 'asked', lameDuck: false, awaitsParent: false })
}

function hearChild(system: System, member: Member, { child, letter }: Extract<Down, { type: 'from child' }>): void {
  if (letter.type === 'word') hear(system, member, { type: 'child said', child, word: letter.word })
  if (letter.type === 'answered') report(system, member, letter.asks, letter.outcome)
}

/** One that boots has nothing to finish. The others stop, and their children are out of reach. */
function loseLauncher(system: System, member: Member): unknown {
  if (isDeaf(member)) return endProcess(system, member, 'SIGTERM')
  stop(system, member, 'the launcher is gone')
  member.down = []
  report(system, member, member.server.elsewhere, 'stopping')
  for (let child = 1; child <= member.server.children && member.life !== 'over'; child++) {
    if (childOf(system, member, child) === undefined)
      hear(system, member, { type: 'not started', child, error: undefined })
    else hear(system, member, { type: 'child ended', child, how: 'out of reach', again: undefined })
  }
  return undefined
}

/** It boots, and reads no message yet. */
export function isDeaf({ works, hangs }: Member): boolean {
  return hangs || works.some(({ name }) => name === 'boot')
}

/** A signal of the launcher. */
export function hearSignal(system: System, member: Member): unknown {
  const [signal = 'SIGTERM'] = member.signals
  const isKept = signal === 'SIGQUIT' && !isDeaf(member)
  member.isHurt ||= !isKept
  if (isDeaf(member)) return endProcess(system, member, signal)
  member.signals = member.signals.slice(1)
  return isKept ? undefined : stop(system, member, signal)
}
