import type { ServerId } from '../../../lib/protocol/launcher.js'
import { addProcess } from '../server/world.js'
import { hearLauncher } from './host.js'
import { tell } from './links.js'
import type { Member, Start, System } from './system.js'

/** Servers that a launcher starts. */

/** The very first server inherits nothing. All others have a predecessor. */
export function start(system: System, server: ServerId): void {
  const { parent, child, worker, release } = takeStart(system, server)
  const { machine, now } = system
  const base = addProcess(system, parent, child)
  if (server > 0) base.server = machine.begin('successor', true)
  const mother = system.processes[parent - 1]
  const isJoined = mother !== undefined && !mother.isBuried
  const member: Member = Object.assign(base, {
    ...{ number: server, worker, release, startedAt: now, isJoined, isBuried: false },
    ...{ up: [{ type: 'word', word: { type: 'hello' } } as const], down: [], signals: [], signalledAt: undefined },
    ...{ owes: false, stalledAt: 0, isHung: false, exit: undefined, isHurt: false, turn: 0 }
  })
  hearLauncher(system, { type: 'started', server })
  if (parent > 0) tell(mother, { type: 'child started', child: member.child })
}

/** The system has no room for another process. */
export function failStart(system: System, server: ServerId): void {
  const { parent, child } = takeStart(system, server)
  hearLauncher(system, { type: 'not started', server, error: 'out of memory' })
  if (parent > 0) tell(system.processes[parent - 1], { type: 'child not started', child })
}

function takeStart(system: System, server: ServerId): Start {
  const start = system.starts.find((one) => one.server === server) as Start
  system.starts = system.starts.filter((one) => one !== start)
  return start
}
