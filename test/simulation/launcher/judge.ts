import * as server from '../../../lib/protocol/server.js'
import { Random } from '../random.js'
import { runRandom } from './schedule.js'
import { STORIES } from './stories.js'
import { problemOfStory } from './story.js'
import type { LauncherMachine } from './system.js'

/** What the simulation finds wrong with a launcher, or nothing: the quick ones first, as most mutants fail those. */
export function judgeLauncher(launcher: LauncherMachine, runs = 500): string | undefined {
  const machines = { launcher, server }
  for (const story of STORIES) {
    const problem = problemOfStory(machines, story)
    if (problem !== undefined) return `${story.title}: ${problem}`
  }
  for (let seed = 0; seed < runs; seed++) {
    const { problem } = runRandom(machines, new Random(seed))
    if (problem !== undefined) return problem
  }
  return undefined
}
