import type { Timer as LauncherTimer } from '../../../lib/protocol/launcher.js'
import type { Stop, Timer } from '../../../lib/protocol/server.js'
import { ask } from '../asks.js'
import { begin, endProcess, hear } from '../host.js'
import { endWork } from '../works.js'
import { addProcess, createWorld, type Machine } from '../world.js'
import { type Event, timeOf } from './events.js'
import { askLauncher, hearSignal, launcherHears, serverHears } from './hears.js'
import { cancelTimer, hearLauncher, ping } from './host.js'
import { link, tell } from './links.js'
import type { Budget, Rules } from './rules.js'
import { type LauncherMachine, type Member, memberOf, type Start, type System } from './system.js'

export interface Machines {
  readonly server: Machine
  readonly launcher: LauncherMachine
}

/** A launcher that has just been started. */
export function createSystem({ server, launcher }: Machines, rules: Rules, budget: Budget): System {
  const world = createWorld(server, { ...rules, launched: true } as never, budget as never)
  const system: System = {
    ...world,
    processes: [],
    launcherMachine: launcher,
    launcher: launcher.begin(rules.workers),
    life: 'runs',
    timers: [],
    starts: [],
    callers: [],
    isNoting: false,
    leader: undefined,
    isReleased: false,
    rolls: 0,
    release: 0,
    isMixed: false,
    stoppedAt: undefined,
    endedAt: undefined,
    hasStalled: false
  }
  link(system)
  hearLauncher(system, { type: 'start' })
  return system
}

/** Lets an event happen. */
export function happen(system: System, event: Event): void {
  const { process, act, detail, costs } = event
  if (costs !== undefined) {
    const left = system.budget as Record<string, number>
    system.budget = { ...left, [costs]: (left[costs] ?? 0) - 1 }
  }
  if (act === 'due' || act === 'silent') system.now = Math.max(system.now, timeOf(system, event))
  const member = system.processes[process - 1]
  if (member === undefined) OF_LAUNCHER[act]?.(system, detail)
  else {
    if (costs !== undefined && costs !== 'ask') member.isHurt = true
    OF_SERVER[act]?.(system, member, detail)
  }
}

type Acts<A> = { readonly [K in Event['act']]?: A }

const OF_LAUNCHER: Acts<(system: System, detail: string) => void> = {
  hears: (system, from) => launcherHears(system, system.processes[Number(from) - 1] as Member),
  starts: (system, server) => start(system, takeStart(system, Number(server))),
  'no start': (system, server) => failStart(system, takeStart(system, Number(server))),
  due: (system, name) => {
    const [timer = '', id] = name.split(' ')
    cancelTimer(system, timer as LauncherTimer, Number(id))
    hearLauncher(system, { type: 'due', timer: timer as LauncherTimer, id: Number(id) })
  },
  silent: (system, number) => {
    ping(memberOf(system, Number(number)))
    hearLauncher(system, { type: 'silent', server: Number(number) })
  },
  noted: (system) => {
    system.isNoting = false
    hearLauncher(system, { type: 'noted' })
  },
  resumes: (system) => {
    system.life = 'runs'
  },
  reload: (system) => askLauncher(system, 0, 0),
  stop: (system) => hearLauncher(system, { type: 'stop', signal: 'SIGTERM' }),
  force: (system) => hearLauncher(system, { type: 'force', reason: 'forced' }),
  signal: (system) => {
    system.excuse ??= 'signal'
    hearLauncher(system, { type: 'forward', signal: 'SIGTERM' })
  },
  'launcher stalls': (system) => {
    system.life = 'stalls'
    system.hasStalled = true
  },
  'launcher dies': (system) => {
    system.life = 'dead'
    Object.assign(system, { timers: [], starts: [], isNoting: false })
    for (const member of system.processes) {
      member.up = []
      tell(member, { type: 'launcher gone' })
    }
  }
}

const stopWith =
  (cause: Stop['cause']) =>
  (system: System, member: Member): void => {
    if (cause === 'app closes') begin(member, 'own close')
    if (cause !== 'error' && system.launcher.workers.length === 1) system.excuse ??= cause
    hear(system, member, { type: 'stop', reason: cause, cause, lameDuck: false, awaitsParent: false })
  }

const OF_SERVER: Acts<(system: System, member: Member, detail: string) => void> = {
  work: endWork,
  hears: serverHears,
  obeys: hearSignal,
  due: (system, member, timer) => {
    member.timers = member.timers.filter((other) => other.timer !== timer)
    hear(system, member, { type: 'due', timer: timer as Timer })
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
  'roll back': (system, member) => hear(system, member, { type: 'roll back', reason: 'it is not well' })
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

function takeStart(system: System, server: number): Start {
  const start = system.starts.find((one) => one.server === server) as Start
  system.starts = system.starts.filter((one) => one !== start)
  return start
}

/** The first server of all inherits nothing; the others come after somebody. */
function start(system: System, { server, parent, child, worker, release }: Start): void {
  const { machine, now } = system
  const base = addProcess(system, parent, child)
  if (server > 0) base.server = machine.begin('successor', true)
  const mother = system.processes[parent - 1]
  const isJoined = mother !== undefined && !mother.isBuried
  const member: Member = Object.assign(base, {
    ...{ number: server, worker, release, startedAt: now, isJoined, isBuried: false },
    ...{ up: [{ type: 'word', word: { type: 'hello' } } as const], down: [], signals: [] },
    ...{ owes: false, stalledAt: 0, isHung: false, exit: undefined, isHurt: false, share: 0 }
  })
  hearLauncher(system, { type: 'started', server })
  if (parent > 0) tell(mother, { type: 'child started', child: member.child })
}

function failStart(system: System, { server, parent, child }: Start): void {
  hearLauncher(system, { type: 'not started', server, error: 'out of memory' })
  if (parent > 0) tell(system.processes[parent - 1], { type: 'child not started', child })
}

/** No server needs that many rounds to boot, unless somebody talks for ever. */
const PATIENCE = 50

/** A system all of whose workers serve. */
export function startSystem(machines: Machines, rules: Rules, budget: Budget): System {
  const system = createSystem(machines, rules, {})
  const lines = (id: number): Event[] => [
    { process: 0, act: 'starts', detail: String(id - 1), costs: undefined },
    { process: id, act: 'work', detail: 'boot: all listen', costs: undefined }
  ]
  const settle = (): void => {
    for (let rounds = 0, isBusy = true; isBusy; rounds++) {
      if (rounds > PATIENCE) throw new Error('the servers never come to rest')
      isBusy = false
      for (const member of system.processes) {
        if (member.up.length > 0 || member.down.length > 0 || member.works.length > 0) isBusy = true
        if (member.up.length > 0) launcherHears(system, member)
        if (member.down.length > 0) serverHears(system, member)
        for (const { name } of member.works) if (name !== 'boot') endWork(system, member, GOOD[name] ?? '')
      }
    }
  }
  for (let id = 1; id <= rules.workers; id++) {
    for (const event of lines(id)) happen(system, event)
    settle()
    if (id === 1 && rules.workers > 1) OF_LAUNCHER.due?.(system, 'grow 0')
  }
  for (let id = 0; id < rules.workers; id++) OF_LAUNCHER.due?.(system, `steady ${id}`)
  system.budget = budget as never
  return system
}

const GOOD: Readonly<Record<string, string>> = { offer: 'offer: ready', load: 'load: loaded' }
