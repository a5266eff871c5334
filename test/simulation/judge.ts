import { problemOfTable } from '../unit/protocol/server-table.js'
import { Random } from './random.js'
import type { Budget } from './rules.js'
import { runRandom } from './schedule.js'
import { searchAll } from './search.js'
import { STORIES } from './stories.js'
import { problemOfStory } from './story.js'
import type { Machine } from './world.js'

/** What the tests find wrong with a machine, or nothing: the quick ones first, as most mutants fail those. `TABLE=0` asks only the simulation. */
export function judge(machine: Machine, runs = 6000): string | undefined {
  const inTable = process.env.TABLE === '0' ? undefined : problemOfTable(machine)
  return inTable ?? inStories(machine) ?? inSearches(machine) ?? inSchedules(machine, runs)
}

function inStories(machine: Machine): string | undefined {
  for (const story of STORIES) {
    const problem = problemOfStory(machine, story)
    if (problem !== undefined) return `${story.title}: ${problem}`
  }
  return undefined
}

const SEARCHES: readonly Budget[] = [
  { reload: 1, error: 1 },
  { reload: 1, 'app closes': 1 },
  { reload: 1, hang: 1 }
]

function inSearches(machine: Machine): string | undefined {
  for (const budget of SEARCHES) {
    const rules = { timers: 'any', network: 'slow', saves: true, launched: false } as const
    const { problem } = searchAll(machine, rules, budget)
    if (problem !== undefined) return problem
  }
  return undefined
}

function inSchedules(machine: Machine, runs: number): string | undefined {
  for (let seed = 0; seed < runs; seed++) {
    const { problem } = runRandom(machine, new Random(seed))
    if (problem !== undefined) return problem
  }
  return undefined
}
