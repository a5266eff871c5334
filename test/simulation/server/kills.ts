import type { Effect, Input } from '../../../lib/protocol/server.js'
import { childOf } from './people.js'
import type { Process, World } from './world.js'

/** A process with something in progress is not killed, unless its time is over, or it is silent. */

/** The child that is killed, and has not been before, although it accepts, or finishes what it has accepted. */
export function killedAtWork(
  world: World,
  process: Process,
  input: Input,
  effects: readonly Effect[]
): Process | undefined {
  const { at } = process.server
  if (at.name === 'parent' && at.stage === 'killing') return undefined
  if (input.type === 'force' || input.type === 'unwell') return undefined
  for (const effect of effects) {
    const child = effect.do === 'kill child' ? childOf(world, process, effect.child) : undefined
    if (child === undefined || !isAtWork(child)) continue
    if (input.type !== 'due' || neverHeard(world, process, child)) return child
  }
  return undefined
}

/** A limit says nothing about a child that has never had the question; on a slow network it may not have. */
function neverHeard({ rules, links }: World, process: Process, child: Process): boolean {
  return rules.network === 'prompt' && process.server.at.name === 'parent' && links?.isUnheard(process, child) === true
}

function isAtWork({ life, doomed, accepts, server }: Process): boolean {
  const finishes = server.at.name === 'leaving' && server.at.cause === 'rolled back'
  return life === 'runs' && !doomed && (accepts || finishes)
}
