import { BALANCE } from './balance/kind.js'
import type { Machine as BalanceMachine } from './balance/world.js'
import { CONNECTION } from './connection/kind.js'
import type { Machines as ConnectionMachines } from './connection/world.js'
import { type Kind, planWith, type State } from './kind.js'
import { LAUNCHER } from './launcher/kind.js'
import type { LauncherMachine } from './launcher/system.js'
import { Random } from './random.js'
import { runRandom } from './schedule.js'
import { searchAll } from './search.js'
import { SERVER } from './server/kind.js'
import type { Machine } from './server/world.js'
import { problemOfStory } from './story.js'

/** What the simulation finds wrong with a machine, or nothing: the quick ways first, as most mutants fail those. */
export function judge<M>(kind: Kind<M, unknown, State>, machine: M): string | undefined {
  const quick = kind.searches.filter(({ isQuick }) => isQuick)
  return (
    first(kind.stories, (story) => problemOfStory(kind, machine, story)) ??
    first(quick, ({ rules, budget }) => searchAll(kind, machine, planWith(kind, rules, budget)).problem) ??
    first(Array(kind.runs.judge).keys(), (seed) => runRandom(kind, machine, new Random(seed)).problem)
  )
}

export const judgeServer = (machine: Machine): string | undefined => judge(SERVER, machine)
export const judgeLauncher = (launcher: LauncherMachine): string | undefined =>
  judge(LAUNCHER, { ...LAUNCHER.machine, launcher })
export const judgeConnection = (machines: ConnectionMachines): string | undefined => judge(CONNECTION, machines)
export const judgeBalance = (machine: BalanceMachine): string | undefined => judge(BALANCE, machine)

function first<T>(items: Iterable<T>, problemOf: (item: T) => string | undefined): string | undefined {
  for (const item of items) {
    const problem = problemOf(item)
    if (problem !== undefined) return problem
  }
  return undefined
}
