import type { Timer as LauncherTimer } from '../../../lib/protocol/launcher.js'
import type { Stop, Timer } from '../../../lib/protocol/server.js'
import { ask } from '../server/asks.js'
import { begin, endProcess, hear } from '../server/host.js'
import { lives } from '../server/people.js'
import { endWork } from '../server/works.js'
import type { LauncherEvent } from './events.js'
import { askLauncher, hearSignal, isDeaf, launcherHears, scaleLauncher, serverHears } from './hears.js'
import { comeDue, hearLauncher, ping } from './host.js'
import { tell } from './links.js'
import { failStart, start } from './starts.js'
import { type Member, memberOf, type System } from './system.js'

/** Lets an event happen. */
export function happen(system: System, { process, act, detail, costs }: LauncherEvent): void {
  const member = system.processes[process - 1]
  if (member === undefined) OF_LAUNCHER[act]?.(system, detail)
  else {
    if (costs !== undefined && costs !== 'ask') member.isHurt = true
    OF_SERVER[act]?.(system, member, detail)
  }
}

type Acts<A> = { readonly [K in LauncherEvent['act']]?: A }

const OF_LAUNCHER: Acts<(system: System, detail: string) => void> = {
  hears: (system, from) => launcherHears(system, system.processes[Number(from) - 1] as Member),
  starts: (system, server) => start(system, Number(server)),
  'no start': (system, server) => failStart(system, Number(server)),
  due: (system, name) => {
    const [timer = '', id] = name.split(' ')
    comeDue(system, timer as LauncherTimer, Number(id))
  },
  silent: (system, number) => {
    ping(memberOf(system, Number(number)))
    hearLauncher(system, { type: 'silent', server: Number(number) })
  },
  noted: (system) => {
    const [ask, ...others] = system.noting
    system.noting = others
    hearLauncher(system, { type: 'noted', ask })
  },
  resumes: (system) => {
    system.life = 'runs'
  },
  reload: (system) => askLauncher(system, 0, 0),
  'scale up': (system) => scaleLauncher(system, { by: 1 }),
  'scale down': scaleDown,
  stop: (system) => hearLauncher(system, { type: 'stop', signal: 'SIGTERM' }),
  force: (system) => hearLauncher(system, { type: 'force', reason: 'forced' }),
  signal: (system) => {
    system.excuse ??= 'signal'
    hearLauncher(system, { type: 'forward', signal: 'SIGTERM' })
  },
  'own signal': ownSignal,
  'launcher stalls': (system) => {
    system.life = 'stalls'
    system.hasStalled = true
  },
  'launcher dies': (system) => {
    system.life = 'dead'
    Object.assign(system, { timers: [], starts: [], noting: [] })
    for (const member of system.processes) {
      member.up = []
      tell(member, { type: 'launcher gone' })
    }
  }
}

/** Where nobody is there to keep it, it means the end. */
function ownSignal(system: System): void {
  const { processes, launcher, now } = system
  const current = processes.filter(({ number }) => launcher.workers.some((worker) => worker.current === number))
  for (const member of current) member.signalledAt = now
  const keeps = (member: Member) => lives(member) && !member.doomed && !isDeaf(member)
  if (!current.some((member) => keeps(member) && member.server.at.name !== 'leaving')) system.excuse ??= 'own signal'
  hearLauncher(system, { type: 'forward', signal: 'SIGQUIT' })
}

/** With one worker, the end of its server is the end of the service. The number may be about to change. */
function mayBeOnlyOne({ launcher: { workers, scaling, scales }, budget }: System): boolean {
  return workers.length === 1 || scaling !== undefined || scales.length > 0 || (budget['scale down'] ?? 0) > 0
}

/** The remaining server may be about to leave, and the launcher does not know yet. */
function scaleDown(system: System): void {
  if (system.processes.some(({ server }) => server.at.name === 'leaving')) system.excuse ??= 'scale down'
  scaleLauncher(system, { by: -1 })
}

const stopWith =
  (cause: Stop['cause']) =>
  (system: System, member: Member): void => {
    if (cause === 'app closes') begin(member, 'own close')
    if (cause !== 'error' && mayBeOnlyOne(system)) system.excuse ??= cause
    hear(system, member, { type: 'stop', reason: cause, cause, lameDuck: false, awaitsParent: false })
  }

const OF_SERVER: Acts<(system: System, member: Member, detail: string) => void> = {
  work: endWork,
  hears: serverHears,
  obeys: hearSignal,
  due: (system, member, timer) => {
    member.timers = member.timers.filter((other) => other.timer !== timer)
    hear(system, member, { type: 'due', timer: timer as Timer, ...(system.life === 'stalls' && { isCutOff: true }) })
  },
  dies: (system, member) => kill(system, member, 'killed by its parent'),
  kill: (system, member) => kill(system, member, 'killed'),
  crash: (system, member) => {
    member.end = 'killed'
    endProcess(system, member, 'crashed', undefined, 1)
  },
  stall: (system, member) => stall(system, member, false),
  hang: (system, member) => stall(system, member, true),
  resumes: (_system, member) => {
    member.life = 'runs'
  },
  'boot hangs': (system, member) => endWork(system, member, 'boot: hangs'),
  ask: (system, member) => hear(system, member, { type: 'reload', ask: ask(system, member), reason: 'a caller asks' }),
  error: stopWith('error'),
  'server stops': stopWith('asked'),
  'app closes': stopWith('app closes'),
  'roll back': (system, member) => hear(system, member, { type: 'roll back', reason: 'it is not well' }),
  unwell: (system, member) => {
    const { at } = member.server
    if (at.name === 'parent') hear(system, member, { type: 'unwell', child: at.child, isSilent: false, how: 'is ill' })
  }
}

function kill(system: System, member: Member, end: Member['end']): void {
  member.end = end
  member.signals = []
  endProcess(system, member, 'SIGKILL')
}

function stall(system: System, member: Member, isHung: boolean): void {
  member.life = 'stalls'
  member.stalledAt = system.now
  member.isHung = isHung
  system.hasStalled ||= !isHung
}
