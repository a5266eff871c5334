import { median } from './statistics.js'
import { asCount, formatCells } from './table.js'

/** A figure that should not be larger than its limit. */
export interface Goal {
  figure: string
  measured: number
  limit: number
  format: (value: number) => string
}

/** That the median of all rounds is at most the limit. */
export function medianAtMost(figure: string, values: readonly number[], limit: number, format: Goal['format']): Goal {
  return { figure, measured: median(values), limit, format }
}

/** That none was lost in any round: rare losses do not show in a median. */
export function none(figure: string, counts: readonly number[]): Goal {
  return { figure, measured: counts.reduce((sum, count) => sum + count, 0), limit: 0, format: asCount }
}

/** Whether the figure is within its limit. What was not measured is not. */
export function isMet({ measured, limit }: Goal): boolean {
  return measured <= limit
}

/** How large the figure may be, in words. */
export function tellLimit({ limit, format }: Goal): string {
  return limit === 0 ? 'none' : `at most ${format(limit)}`
}

/** A line for each goal: the figure, the goal, met or not. */
export function tabulateGoals(goals: readonly Goal[]): string {
  const rows = goals.map((goal) => {
    const { figure, measured, format } = goal
    return [figure, format(measured), tellLimit(goal), isMet(goal) ? 'met' : '**not met**']
  })
  return formatCells([['', 'measured', 'goal', ''], ...rows])
}
