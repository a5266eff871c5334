import type { Place } from '../../../lib/protocol/server.js'
import { childOf, isWilling, lives } from './people.js'
import { keepsATimer, waitsForEver } from './timers.js'
import type { Process, World } from './world.js'

/** What must be true at every moment. Each function returns what is wrong, or nothing. */

export function problemOf(world: World): string | undefined {
  if (world.broken !== undefined) return world.broken
  for (const process of world.processes) {
    if (!lives(process)) continue
    const problem = problemOfProcess(world, process)
    if (problem !== undefined) return `process ${process.id} (${describe(process.server.at)}) ${problem}`
  }
  return serviceIsGone(world) ?? nobodyAccepts(world)
}

/** What is wrong with one process. */
export function problemOfProcess(world: World, process: Process): string | undefined {
  return (
    waitsForEver(world, process) ??
    keepsATimer(process) ??
    servesInACheck(process) ??
    acceptsWrongly(process) ??
    movesWrongly(process) ??
    ownsWrongly(process) ??
    leavesSilently(process) ??
    asksInVain(process) ??
    staysUnsettled(process) ??
    disagrees(world, process)
  )
}

export function describe(at: Place): string {
  return 'stage' in at ? `${at.name}, ${at.stage}` : at.name
}

/** A process that was started for a check never serves, whatever happens to the process that started it. */
function servesInACheck({ isCheck, accepts, owns, confirmed }: Process): string | undefined {
  return isCheck && (accepts || owns || confirmed) ? 'serves, and was started for a check' : undefined
}

/** A process that serves accepts. One that hands over sleeps only while another process may accept. */
function acceptsWrongly({ server, accepts }: Process): string | undefined {
  const { at } = server
  switch (at.name) {
    case 'serving':
    case 'recovered':
    case 'checking':
    case 'trial':
      return accepts ? undefined : 'does not accept'
    case 'reloading':
      return accepts || (at.saves && (at.stage === 'saving' || at.stage === 'handing over'))
        ? undefined
        : 'does not accept'
    case 'parent':
    case 'successor':
    case 'closed':
      return accepts ? 'accepts' : undefined
    case 'leaving':
      return accepts === (at.stage === 'lame duck') ? undefined : accepts ? 'accepts' : 'does not accept'
    default:
      return undefined
  }
}

/** Connections move only to a child that serves, and may go on moving when it serves for good. */
function movesWrongly({ server, moves }: Process): string | undefined {
  const { at } = server
  if (at.name === 'parent') return moves ? undefined : 'does not move its connections'
  if (at.name === 'leaving' && at.cause === 'reloaded') return undefined
  return moves ? 'moves its connections' : undefined
}

/** The files of the service belong to the process that serves. The process that gave them away must not remove them. */
function ownsWrongly({ server, owns }: Process): string | undefined {
  const { at } = server
  switch (at.name) {
    case 'serving':
    case 'recovered':
    case 'reloading':
    case 'checking':
    case 'trial':
      return owns ? undefined : 'does not own the pid file'
    case 'parent':
    case 'successor':
      return owns ? 'owns the pid file' : undefined
    case 'leaving':
      return owns && (at.cause === 'reloaded' || at.cause === 'rolled back') ? 'owns the pid file' : undefined
    default:
      return undefined
  }
}

/** The app and the launcher learn of it when a process begins to leave. */
function leavesSilently({ server, left }: Process): string | undefined {
  if (server.at.name === 'closed') return undefined
  const isLeaving = server.at.name === 'leaving'
  return isLeaving === (left !== undefined)
    ? undefined
    : isLeaving
      ? 'leaves silently'
      : 'says that it leaves, and stays'
}

/** Hooks run only while a reload depends on their answer. So a hook that hangs blocks nothing else. */
function asksInVain({ server: { at }, works }: Process): string | undefined {
  const isAsking = at.name === 'reloading' && at.stage === 'asking hooks'
  return isAsking || !works.some(({ name }) => name === 'hooks') ? undefined : 'asks hooks in vain'
}

/** A child that serves for good, or without its parent, is not on probation any more, and its app knows. */
function staysUnsettled({ server, parent, settled }: Process): string | undefined {
  return server.at.name === 'serving' && parent > 0 && !settled ? 'serves, and is not settled' : undefined
}

/** Parent and child have the same opinion about how their reload ended. */
function disagrees(world: World, process: Process): string | undefined {
  for (const { child: id, failure } of process.told) {
    const child = childOf(world, process, id)
    if (child === undefined) continue
    if (failure !== undefined && child.settled) return `took back what process ${child.id} has for good`
    if (failure === undefined && gaveAway(child)) return `let go of what process ${child.id} gave back`
  }
  return undefined
}

function gaveAway({ server }: Process): boolean {
  return server.at.name === 'leaving' && server.at.cause === 'rolled back'
}

/** Somebody serves, or will, unless that was ended from outside. */
function serviceIsGone(world: World): string | undefined {
  if (world.excuse !== undefined || world.stops.length > 0) return undefined
  return world.processes.some(isWilling) ? undefined : 'nobody is left to serve'
}

/**
 * A process that sleeps has a child that accepts, or does not know yet that its child has ended or leaves. A child
 * gives nothing back to a process that sleeps.
 */
function nobodyAccepts(world: World): string | undefined {
  const asleep = world.processes.find((process) => {
    const { at } = process.server
    if (!lives(process) || process.accepts || (at.name !== 'parent' && at.name !== 'reloading')) return false
    const heir = childOf(world, process, at.child)
    if (heir === undefined || heir.accepts) return false
    if (at.name === 'parent' && lives(heir)) return isWilling(heir) || gaveAway(heir)
    return !lives(heir) && heir.toParent.length === 0
  })
  return asleep === undefined ? undefined : `process ${asleep.id} sleeps, and nobody accepts`
}
