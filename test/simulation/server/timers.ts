import type { Timer } from '../../../lib/protocol/server.js'
import { lives, processOf } from './people.js'
import type { Process, World } from './world.js'

/** A process that waits has a limit for that, and no other limit. */

/** Every state in which a process waits has a limit, unless it is the other side that has one. */
export function waitsForEver(world: World, process: Process): string | undefined {
  if (keepsCallersWaiting(process)) return 'lets callers wait without the limit "settle"'
  const limit = limitOf(process) ?? (process.server.telling.length > 0 ? 'tell' : undefined)
  if (limit === undefined || process.timers.some(({ timer }) => timer === limit)) return undefined
  return isHeardBy(world, process) ? undefined : `waits without the limit "${limit}"`
}

/** Its parent may never speak again. */
function keepsCallersWaiting({ server, timers }: Process): boolean {
  return server.at.name === 'trial' && server.queued !== undefined && !timers.some(({ timer }) => timer === 'settle')
}

function limitOf({ server, parent }: Process): Timer | undefined {
  const { at } = server
  switch (at.name) {
    case 'reloading':
      return at.stage === 'cancelling' ? 'kill' : 'ready'
    case 'checking':
      return at.stage === 'killing' ? 'kill' : at.stage === 'ending' ? 'end' : 'ready'
    case 'parent':
      return PARENT_LIMITS[at.stage]
    case 'recovered':
      return 'tell'
    case 'successor':
      return at.stage === 'booting' && at.orphan ? 'boot' : SUCCESSOR_LIMITS[at.stage]
    case 'trial':
      return TRIAL_LIMITS[at.stage]
    case 'leaving':
      // An app that closes itself has the time that it gives itself.
      if (at.stage === 'closing' && at.cause === 'app closes') return undefined
      return at.stage === 'telling' ? 'tell' : 'stop'
    default:
      return parent >= 0 ? undefined : 'stop'
  }
}

const PARENT_LIMITS = {
  probation: 'probation',
  confirming: 'confirm',
  passed: undefined,
  undoing: 'undo',
  killing: 'kill'
} as const

/** The boot of a child is limited by its parent. */
const SUCCESSOR_LIMITS = { booting: undefined, ready: 'word', loading: 'load' } as const
const TRIAL_LIMITS = { running: undefined, checking: 'check', confirmed: 'settle', 'giving back': 'give back' } as const

/** When the time of a child on trial is up, it warns and goes on: its parent lives and owes it a message. */
function isHeardBy(world: World, process: Process): boolean {
  if (process.server.at.name !== 'trial') return false
  // A launcher reports what happens to the parent.
  if (world.links !== undefined) return true
  const parent = processOf(world, process.parent)
  return parent !== undefined && (lives(parent) || process.fromParent.length > 0)
}

/** A timer that outlives its state could mean something else in a later one. */
export function keepsATimer(process: Process): string | undefined {
  const { at } = process.server
  const limit = limitOf(process)
  const stray = process.timers.find(({ timer }) => {
    if (timer === limit) return false
    if (timer === 'tell') return process.server.telling.length === 0
    if (timer === 'settle') return at.name !== 'trial'
    if (timer === 'lame duck') return at.name !== 'leaving' || at.stage === 'draining'
    return !(timer === 'claims' && at.name === 'successor' && at.stage === 'booting')
  })
  return stray === undefined ? undefined : `keeps the timer "${stray.timer}"`
}
