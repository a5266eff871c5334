import { availableParallelism, cpus, release } from 'node:os'
import { isMet, tabulateGoals } from './goals.js'
import { goalsOf, type Results } from './results.js'
import { describeParts } from './sections.js'
import type { Settings } from './settings.js'
import { summarizeResults } from './summary.js'
import { wrapProse } from './wrap.js'

/** What was measured on, in one line. */
export function describeMachine(): string {
  const processor = cpus()[0]?.model.trim() ?? 'unknown CPU'
  return `Node ${process.version}, ${availableParallelism()} cores (${processor}), ${process.platform} ${release()}`
}

/** The report as a Markdown page: the result in plain words, the goals, and then all that was measured. */
export function formatReport(settings: Settings, results: Results): string {
  return [
    '# Benchmarks',
    ...summary(results),
    ...goals(results),
    ...setting(settings, results),
    ...describeParts(settings, results)
  ]
    .map(wrapProse)
    .join('\n\n')
    .concat('\n')
}

function summary(results: Results): string[] {
  const sentences = summarizeResults(results)
  return sentences.length === 0 ? [] : [sentences.map((sentence) => `- ${sentence}`).join('\n')]
}

function goals(results: Results): string[] {
  const all = goalsOf(results)
  if (all.length === 0) return []
  const met = all.filter(isMet).length
  return [
    '## Goals',
    `${met} of ${all.length} are met. A ratio or a duration is the median of its rounds; a count is the sum of all rounds.`,
    tabulateGoals(all)
  ]
}

function setting({ command }: Settings, { omissions }: Results): string[] {
  return [
    '## How it was measured',
    `Written by \`${command}\` on ${new Date().toISOString().slice(0, 10)}, in one run: ${describeMachine()}.`,
    'Clients and servers share this machine: compare the ratios and the columns beside each other, and not the single ' +
      'figures with those of another machine. In the tables, a figure is a median. The brackets have the lowest and ' +
      'the highest value.',
    ...omissions
  ]
}
