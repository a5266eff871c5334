import * as serverMachine from '../../lib/protocol/server.js'
import { search } from '../support/connection-search.js'
import type { Machines as ConnectionMachines } from '../support/connection-world.js'
import * as launched from './launcher/schedule.js'
import { STORIES as LAUNCHER_STORIES } from './launcher/stories.js'
import { problemOfStory as problemOfLauncherStory } from './launcher/story.js'
import type { LauncherMachine } from './launcher/system.js'
import { Random } from './random.js'
import type { Budget } from './rules.js'
import { runRandom } from './schedule.js'
import { searchAll } from './search.js'
import { STORIES } from './stories.js'
import { problemOfStory } from './story.js'
import type { Machine } from './world.js'

/** What the simulation finds wrong with a machine, or nothing: the quick ways first, as most mutants fail those. */

const SEARCHES: ReadonlyArray<readonly [budget: Budget, launched: boolean]> = [
  [{ reload: 1, error: 1 }, false],
  [{ reload: 1, 'roll back': 1 }, false],
  [{ reload: 1, 'app closes': 1 }, false],
  [{ reload: 1, hang: 1 }, false],
  [{ supervised: 1, undo: 1 }, true]
]

export function judgeServer(machine: Machine, runs = 3000): string | undefined {
  const rules = { timers: 'any', network: 'slow', saves: true } as const
  return (
    first(STORIES, (story) => problemOfStory(machine, story)) ??
    first(SEARCHES, ([budget, launched]) => searchAll(machine, { ...rules, launched }, budget).problem) ??
    inSeeds(runs, (random) => runRandom(machine, random).problem)
  )
}

export function judgeLauncher(launcher: LauncherMachine, runs = 400): string | undefined {
  const machines = { launcher, server: serverMachine }
  return (
    first(LAUNCHER_STORIES, (story) => problemOfLauncherStory(machines, story)) ??
    inSeeds(runs, (random) => launched.runRandom(machines, random).problem)
  )
}

/** The second one needs the most, and finds little that the others do not. */
const CONNECTION_SEARCHES = [
  { move: 'http', faults: 3 },
  { move: 'websocket', faults: 3 },
  { move: 'surplus', offers: 2, faults: 2 },
  { move: 'surplus', peers: 2, offers: 2, faults: 1 }
] as const

export function judgeConnection(machines: ConnectionMachines): string | undefined {
  return first(CONNECTION_SEARCHES, (bounds) => search({ ...bounds, machines }).violation?.rule)
}

function first<T>(items: readonly T[], problemOf: (item: T) => string | undefined): string | undefined {
  for (const item of items) {
    const problem = problemOf(item)
    if (problem !== undefined) return problem
  }
  return undefined
}

function inSeeds(runs: number, problemOf: (random: Random) => string | undefined): string | undefined {
  for (let seed = 0; seed < runs; seed++) {
    const problem = problemOf(new Random(seed))
    if (problem !== undefined) return problem
  }
  return undefined
}
