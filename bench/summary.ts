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

/**
 * The result in plain words: a sentence each on what clients lose, on what they feel, and on what it costs, as far as
 * it was measured.
 */
export function summarizeResults({ comparison, feel, reloadTime, throughput }: Results): string[] {
  return [comparison && tellLosses(comparison), feel && tellFeeling(feel), tellCosts(reloadTime, throughput)].filter(
    (sentence) => sentence !== undefined
  )
}

function tellLosses(results: readonly Result[]): string {
  const own = results.filter(({ party }) => party.name === plugin.name).map(tellParty)
  const others = results.filter(({ party }) => party.name !== plugin.name).map(tellParty)
  const beside = others.length === 0 ? '' : `; beside it, ${others.join(', ')}`
  const unmet = comparisonGoals(results, plugin).filter((goal) => !isMet(goal))
  const verdict = unmet.length === 0 ? '' : ' (the goal is none of either: not met)'
  return `Under load, ${own.join()}${verdict}${beside}.`
}

function tellParty({ party, reloadings }: Result): string {
  const losses = reloadings.map(countLosses)
  const sum = (counts: number[]) => asCount(counts.reduce((total, count) => total + count, 0))
  const failed = sum(losses.map((loss) => loss.failed))
  const closed = sum(losses.map((loss) => loss.closed))
  const requests = sum(reloadings.map(({ seen }) => seen.requests))
  return `${losses.length} reloads by *${party.name}* failed ${failed} of ${requests} requests and closed ${closed} connections`
}

function tellFeeling(feel: Feel): string {
  const [worst, , busy] = feelGoals(feel)
  return (
    `With a reload, the slowest answer takes ${tellTimes(worst)} as when the same server is left alone ${tellGoal(worst)}, ` +
    `and the longest wait of clients that never pause is ${tellTimes(busy)} ${tellGoal(busy)}.`
  )
}

function tellCosts(reloadTime?: readonly ReloadRound[], throughput?: Measurement[][]): string | undefined {
  const clauses = [reloadTime && tellReloadTime(reloadTime), throughput && tellThroughput(throughput)]
  const told = clauses.filter((clause) => clause !== undefined)
  return told.length === 0 ? undefined : `${capitalize(told.join('; '))}.`
}

function tellReloadTime(rounds: readonly ReloadRound[]): string {
  const [reload, boot] = reloadTimeGoals(rounds)
  return (
    `a reload takes ${tellTimes(reload)} as starting the app without the plugin ${tellGoal(reload)}, ` +
    `and starting it with the plugin ${tellTimes(boot)} ${tellGoal(boot)}`
  )
}

function tellThroughput(results: Measurement[][]): string {
  const [speed, memory] = [median(speedOverPlain(results)), median(memoryOverPlain(results))]
  return `between reloads the server with the plugin answers ${asRatio(speed)} times as many requests as without, and needs ${asRatio(memory)} times as much memory`
}

function tellTimes(goal: Goal | undefined): string {
  return goal === undefined ? '' : `${goal.format(goal.measured)} times as long`
}

function tellGoal(goal: Goal | undefined): string {
  return goal === undefined ? '' : `(goal: ${tellLimit(goal)}, ${isMet(goal) ? 'met' : 'not met'})`
}

function capitalize(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1)
}
