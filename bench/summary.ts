import { countLosses, type Result } from './comparison.js'
import { comparisonGoals } from './comparison-table.js'
import type { Feel } from './feel.js'
import { feelGoals } from './feel-table.js'
import { type Goal, isMet, tellLimit } from './goals.js'
import { plugin } from './plugin.js'
import { type ReloadRound, reloadTimeGoals } from './reload-time.js'
import type { Results } from './results.js'
import { median } from './statistics.js'
import { asCount, asRatio } from './table.js'
import { type Measurement, memoryOverPlain, speedOverPlain } from './throughput.js'

/** The result in plain words: a sentence for each comparison that was measured. */
export function summarizeResults({ comparison, feel, reloadTime, throughput }: Results): string[] {
  return [
    comparison && tellLosses(comparison),
    feel && tellFeeling(feel),
    reloadTime && tellReloadTime(reloadTime),
    throughput && tellThroughput(throughput)
  ].flatMap((sentences) => sentences ?? [])
}

function tellLosses(results: readonly Result[]): string[] {
  const isOwn = ({ party }: Result) => party.name === plugin.name
  const unmet = comparisonGoals(results, plugin).filter((goal) => !isMet(goal))
  const verdict = unmet.length === 0 ? '' : ' (goal: none of either, not met)'
  return [
    ...results.filter(isOwn).map((result) => `${tellParty(result)}${verdict}.`),
    ...results.filter((result) => !isOwn(result)).map((result) => `${tellParty(result)}.`)
  ]
}

function tellParty({ party, reloadings }: Result): string {
  const losses = reloadings.map(countLosses)
  const sum = (counts: number[]) => asCount(counts.reduce((total, count) => total + count, 0))
  const failed = sum(losses.map((loss) => loss.failed))
  const closed = sum(losses.map((loss) => loss.closed))
  const requests = sum(reloadings.map(({ seen }) => seen.requests))
  return `Under load, ${losses.length} reloads by *${party.name}* failed ${failed} of ${requests} requests and closed ${closed} connections`
}

function tellFeeling(feel: Feel): string[] {
  const [worst, , busy] = feelGoals(feel)
  return [
    `With a reload, the slowest answer takes ${tellTimes(worst)} as when the same server is left alone ${tellGoal(worst)}.`,
    `With a reload, the longest wait of clients that never pause is ${tellTimes(busy)} ${tellGoal(busy)}.`
  ]
}

function tellReloadTime(rounds: readonly ReloadRound[]): string[] {
  const [reload, boot] = reloadTimeGoals(rounds)
  return [
    `A reload takes ${tellTimes(reload)} as starting the app without the plugin ${tellGoal(reload)}.`,
    `Starting the app with the plugin takes ${tellTimes(boot)} as without it ${tellGoal(boot)}.`
  ]
}

function tellThroughput(results: Measurement[][]): string[] {
  const [speed, memory] = [median(speedOverPlain(results)), median(memoryOverPlain(results))]
  return [
    `Between reloads, the server with the plugin answers ${asRatio(speed)} times as many requests as without it.`,
    `Between reloads, the server with the plugin needs ${asRatio(memory)} times as much memory as without it.`
  ]
}

function tellTimes(goal: Goal | undefined): string {
  return goal === undefined ? '' : `${goal.format(goal.measured)} times as long`
}

function tellGoal(goal: Goal | undefined): string {
  return goal === undefined ? '' : `(goal: ${tellLimit(goal)}, ${isMet(goal) ? 'met' : 'not met'})`
}
