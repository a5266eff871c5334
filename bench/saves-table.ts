import { type Goal, none } from './goals.js'
import type { Save, Saves } from './saves.js'
import { asCount, asMilliseconds, formatComparison } from './table.js'

/** A column for each watcher. */
export function tabulateSaves(results: readonly Saves[]): string {
  const row = (name: string, pick: (save: Save) => number, format: (value: number) => string) => {
    return { name, values: results.map(({ saves }) => saves.map(pick)), format }
  }
  return formatComparison(
    results.map(({ watcher }) => watcher.name),
    [
      row('failed requests for each save', ({ failed }) => failed, asCount),
      row('requests near it', ({ requests }) => requests, asCount),
      row('from the save to the first answer by the new code', ({ time }) => time, asMilliseconds),
      row('longest gap without an answer', ({ gap }) => gap, asMilliseconds)
    ]
  )
}

/** That a page never sees an error. */
export function savesGoals(results: readonly Saves[]): Goal[] {
  const own = results.filter(({ watcher }) => watcher.hasPlugin).flatMap(({ saves }) => saves)
  return [
    none(
      `requests failed near ${own.length} saves under --watch`,
      own.map(({ failed }) => failed)
    )
  ]
}
