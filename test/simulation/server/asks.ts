import type { Ask, Effect } from '../../../lib/protocol/server.js'
import type { Outcome } from './letters.js'
import { childOf, lives, processOf } from './people.js'
import { type Asked, breakWorld, type Process, type Told, type World } from './world.js'

/** Every request for a reload gets one answer, and the answer is true. */

/** Somebody asks for a reload, or a check. */
export function ask(world: World, process: Process, isCheck = false): Ask {
  world.asks.push({ process: process.id, passed: undefined, outcome: undefined, isCheck })
  return world.asks.length
}

export function settleAsk(world: World, process: Process, number: Ask, outcome: Outcome | undefined): unknown {
  const asked = world.asks[number - 1]
  const lie = lieOf(world, process, asked, number, outcome)
  if (lie !== undefined) breakWorld(world, `ask ${number} at process ${process.id} is told "${outcome}", but ${lie}`)
  if (asked === undefined || outcome === undefined) return undefined
  world.asks[number - 1] = { ...asked, outcome }
  world.links?.settled(process, number, outcome)
  if (asked.passed === undefined) return undefined
  const answer = { type: 'answered', asks: asked.passed, outcome } as const
  if (world.links !== undefined) return world.links.tellParent(process, answer)
  const parent = processOf(world, process.parent)
  if (parent !== undefined && lives(parent)) process.toParent = [...process.toParent, answer]
  return undefined
}

/** What is wrong with an answer to a caller, at the moment in which it is given. */
function lieOf(
  world: World,
  process: Process,
  asked: Asked | undefined,
  number: Ask,
  outcome: Outcome | undefined
): string | undefined {
  if (asked === undefined || asked.process !== process.id) return 'nobody has asked here'
  if (asked.outcome !== undefined) return `it has been told "${asked.outcome}"`
  if (outcome === undefined) return 'nobody has reported anything'
  return world.rules.launched ? undefined : untruth(world, process, number, outcome)
}

/** What is not true about an outcome. */
function untruth(world: World, process: Process, number: Ask, outcome: Outcome): string | undefined {
  switch (outcome) {
    case 'success':
      if (world.asks[number - 1]?.isCheck)
        return world.processes.some((other) => other.born >= number && other.checked)
          ? undefined
          : 'no process that was started since has shown that it could take over'
      return world.processes.some((other) => other.born >= number && other.confirmed)
        ? undefined
        : 'no process that was started since has confirmed that it serves'
    case 'stopping':
      if (wasTakenBack(process)) return 'its parent makes the reload'
      return isLeaving(process) ? undefined : 'it goes on'
    case 'not listening':
      return process.server.at.name === 'booting' ? undefined : 'it listens'
    case 'no check':
      return world.asks[number - 1]?.isCheck ? undefined : 'it is a reload'
    case 'failure':
    case 'unknown':
      return undefined
    default:
      return outcome satisfies never
  }
}

/** Somebody is told that there will be no reload, though another process may make it. Judged before the step. */
export function untrueRefusal(world: World, process: Process, effects: readonly Effect[]): string | undefined {
  for (const effect of effects) {
    if (effect.do !== 'refuse' || effect.why !== 'stopping') continue
    if (effect.asks.some((ask) => process.server.elsewhere.includes(ask))) return 'another process makes it'
    if (effect.asks.some((ask) => isForParent(world, process, ask))) return 'its parent makes the reload'
  }
  return undefined
}

/** A child that does not serve for good yet is not the only one who knows of the request. */
function isForParent(world: World, { server, parent, isCheck }: Process, ask: Ask): boolean {
  const { at, launched, queued } = server
  const isChild = at.name === 'trial' || (at.name === 'successor' && !isCheck)
  if (launched || !isChild || queued?.asks.includes(ask) !== true) return false
  const knows = processOf(world, parent)
  return knows !== undefined && lives(knows) && world.stops.length === 0
}

/** What is not true about the end of a reload, at the moment in which it is concluded. */
export function untrueEnd(world: World, process: Process, { child, failure }: Told): string | undefined {
  if (failure !== undefined) return process.accepts ? undefined : 'has failed, and the parent does not accept'
  return childOf(world, process, child)?.confirmed === true ? undefined : 'has succeeded, and the child has not said so'
}

/** And its parent serves, as far as it knows. */
function wasTakenBack({ server: { at, parent } }: Process): boolean {
  return at.name === 'leaving' && at.cause === 'rolled back' && parent === 'alive'
}

function isLeaving({ server }: Process): boolean {
  return server.at.name === 'leaving' || server.at.name === 'closed'
}
