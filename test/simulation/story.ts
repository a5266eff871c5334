import { happen, startWorld } from './happen.js'
import { describe, problemOf } from './invariants.js'
import type { Outcome } from './letters.js'
import type { Rules } from './rules.js'
import { nextReloadFails, settle } from './schedule.js'
import { findEvent, PLENTY } from './trace.js'
import type { Machine, World } from './world.js'

/** A named schedule: what happened once, or must never happen. */

export interface Story {
  readonly title: string
  readonly rules?: Partial<Rules>
  /** One line for each event, as `npm run simulate` prints them. What then happens by itself is not told. */
  readonly lines: readonly string[]
  /** Who serves in the end; undefined: nobody. */
  readonly serves: number | undefined
  /** How each ask ended; undefined: with the process that was asked. */
  readonly asks?: readonly (Outcome | undefined)[]
}

const usual: Rules = { timers: 'any', network: 'slow', saves: false, launched: false }

/** What is wrong with a story, or nothing. */
export function problemOfStory(machine: Machine, { rules, lines, serves, asks }: Story): string | undefined {
  const world = startWorld(machine, { ...usual, ...rules }, PLENTY)
  for (const line of lines) {
    const event = findEvent(world, line)
    if (event === undefined) return `"${line}" cannot happen: ${placesOf(world)}`
    happen(world, event)
    const problem = problemOf(world)
    if (problem !== undefined) return problem
  }
  world.budget = {}
  const problem = settle(world)
  if (problem !== undefined) return problem
  return wrongEnd(world, serves, asks) ?? nextReloadFails(world)
}

function wrongEnd(world: World, serves: Story['serves'], asks: Story['asks']): string | undefined {
  const serving = world.processes.find(({ life, server }) => life !== 'over' && server.at.name === 'serving')
  if (serving?.id !== serves) return `process ${serving?.id} serves`
  const outcomes = world.asks.filter(({ passed }) => passed === undefined).map(({ outcome }) => outcome)
  const isRight = asks === undefined || JSON.stringify(outcomes) === JSON.stringify(asks)
  return isRight ? undefined : `the asks end with ${outcomes.join(', ')}`
}

function placesOf(world: World): string {
  return world.processes.map(({ id, server }) => `${id}: ${describe(server.at)}`).join('; ')
}
