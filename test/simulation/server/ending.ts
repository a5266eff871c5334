import { describe } from './invariants.js'
import { hasClosed, isWilling, processOf } from './people.js'
import type { Process, World } from './world.js'

/** What must be true when nothing happens by itself any more. Each function returns what is wrong, or nothing. */

export function problemAtRest(world: World): string | undefined {
  return everyoneIsAtRest(world) ?? oneServes(world) ?? stopLeavesNobody(world) ?? everyAskIsAnswered(world)
}

/** Nobody waits for what never comes. */
function everyoneIsAtRest(world: World): string | undefined {
  const stuck = world.processes.find((process) => !hasClosed(process) && process.server.at.name !== 'serving')
  return stuck === undefined ? undefined : `process ${stuck.id} is ${describe(stuck.server.at)} for ever`
}

function oneServes(world: World): string | undefined {
  const serving = world.processes.filter((process) => !hasClosed(process))
  if (serving.length > 1) return `processes ${serving.map(({ id }) => id).join(' and ')} serve`
  if (serving.length === 1 || world.stops.length > 0 || world.excuse !== undefined) return undefined
  return 'nobody serves'
}

/** A process that is asked to stop the service, and may do so, stops the other side too. */
function stopLeavesNobody(world: World): string | undefined {
  if (world.stops.every((id) => endOf(world, id) === 'killed' || endOf(world, id) === 'forced')) return undefined
  const left = world.processes.find(isWilling)
  return left === undefined ? undefined : `process ${left.id} is left after the stop`
}

/** Except those at a process that was killed. What was passed on may never have been heard; then the parent answers. */
function everyAskIsAnswered(world: World): string | undefined {
  const open = world.asks.findIndex(({ process, passed, outcome }) => {
    if (outcome !== undefined || endOf(world, process)?.startsWith('killed')) return false
    const asked = processOf(world, process)
    const parent = processOf(world, asked?.parent ?? 0)
    return passed === undefined || (asked?.life !== 'over' && parent?.life !== 'over')
  })
  return open < 0 ? undefined : `ask ${open + 1} is never answered`
}

const endOf = (world: World, id: number): Process['end'] | undefined => processOf(world, id)?.end
