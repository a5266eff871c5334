import type { Plan } from '../kind.js'
import { endWork } from '../server/works.js'
import { createWorld } from '../server/world.js'
import { launcherHears, serverHears } from './hears.js'
import { comeDue, hearLauncher } from './host.js'
import { link } from './links.js'
import type { Rules } from './rules.js'
import { start } from './starts.js'
import type { Machines, Member, System } from './system.js'

/** A launcher that has just been started, or a launcher whose workers all serve. */
export function beginSystem(machines: Machines, { rules, budget, isBooted }: Plan<Rules>): System {
  const system = createSystem(machines, rules)
  if (isBooted) boot(system)
  system.budget = budget
  return system
}

function createSystem({ server, launcher }: Machines, rules: Rules): System {
  const system: System = {
    ...createWorld(server, rules, {}),
    rules,
    processes: [],
    launcherMachine: launcher,
    launcher: launcher.begin(rules.workers, rules.watched),
    life: 'runs',
    timers: [],
    starts: [],
    callers: [],
    noting: [],
    leader: undefined,
    isReleased: false,
    rolls: 0,
    release: 0,
    isMixed: false,
    stoppedAt: undefined,
    endedAt: undefined
  }
  link(system)
  hearLauncher(system, { type: 'start' })
  return system
}

/** No server needs that many rounds to boot, unless two processes send messages without an end. */
const PATIENCE = 50

/** A system whose workers all serve. */
function boot(system: System): void {
  const { workers } = system.rules
  for (let id = 0; id < workers; id++) {
    start(system, id)
    endWork(system, system.processes[id] as Member, 'boot: all listen')
    settle(system)
    if (id === 0 && workers > 1) comeDue(system, 'grow', 0)
  }
  for (let id = 0; id < workers; id++) comeDue(system, 'steady', id)
}

function settle(system: System): void {
  for (let rounds = 0, isBusy = true; isBusy; rounds++) {
    if (rounds > PATIENCE) throw new Error('the servers never come to rest')
    isBusy = false
    for (const member of system.processes) {
      if (member.up.length > 0 || member.down.length > 0 || member.works.length > 0) isBusy = true
      if (member.up.length > 0) launcherHears(system, member)
      if (member.down.length > 0) serverHears(system, member)
      for (const { name } of member.works) endWork(system, member, GOOD[name] ?? '')
    }
  }
}

const GOOD: Readonly<Record<string, string>> = { offer: 'offer: ready', load: 'load: loaded' }
