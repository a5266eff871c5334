import t from 'tap'
import type { Reloading, Result } from '../../../bench/comparison.js'
import { isMet, medianAtMost, none, tabulateGoals } from '../../../bench/goals.js'
import { plugin } from '../../../bench/plugin.js'
import { type ReloadRound, reloadTimeGoals } from '../../../bench/reload-time.js'
import { goalsOf, type Results } from '../../../bench/results.js'
import { summarizeResults } from '../../../bench/summary.js'
import { asFactor } from '../../../bench/table.js'

const NOTHING: Results = {
  comparison: undefined,
  feel: undefined,
  migration: undefined,
  comingBack: undefined,
  throughput: undefined,
  reloadTime: undefined,
  spawnings: undefined,
  workers: undefined,
  saves: undefined,
  omissions: []
}

const round = (changes: Partial<ReloadRound>): ReloadRound => {
  return { plainBoot: 100, plainAgain: 100, pluginBoot: 102, reload: 103, boot: 99, handoff: 1, ...changes }
}

function result(name: string, failed: number, closed: number): Result {
  const seen = {
    requests: 1000,
    freshFailed: failed,
    keepAliveFailed: 0,
    closedUnannounced: closed,
    closedAnnounced: 0
  }
  const idle = { closed: 0, failed: 0, announced: 0 }
  const reloading = { seen, idle } as unknown as Reloading
  return { party: { ...plugin, name }, reloadings: [reloading, reloading] } as unknown as Result
}

t.test('a goal is met or not', async (t) => {
  t.ok(isMet(medianAtMost('', [9, 1, 2], 2, asFactor)), 'the median counts')
  t.notOk(isMet(medianAtMost('', [3], 2, asFactor)))
  t.notOk(isMet(medianAtMost('', [Number.NaN], 2, asFactor)), 'what was not measured is not met')
  t.ok(isMet(none('', [0, 0])))
  t.notOk(isMet(none('', [0, 0, 1])), 'a single loss counts')
  t.equal(
    tabulateGoals([medianAtMost('a', [1], 2, asFactor), none('b', [1])]),
    [
      '|     | measured |         goal |             |',
      '| --- | -------: | -----------: | ----------: |',
      '| a   |     1.00 | at most 2.00 |         met |',
      '| b   |        1 |         none | **not met** |'
    ].join('\n')
  )
})

t.test('the goal for the time of a reload depends on what Node can do', async (t) => {
  const met = (node: string) => reloadTimeGoals([round({})], node).map(isMet)
  t.same(met('20.20.2'), [true, true])
  t.same(met('22.23.0'), [false, true])
  t.same(reloadTimeGoals([round({ pluginBoot: 104 })], '26.1.0').map(isMet), [false, false])
})

t.test('what was not run has no goal and no sentence', async (t) => {
  t.same(goalsOf(NOTHING), [])
  t.same(summarizeResults(NOTHING), [])
})

t.test('the sentences tell what was lost, and which goal was not met', async (t) => {
  const other = result('other', 3, 4)
  t.same(summarizeResults({ ...NOTHING, comparison: [other, result(plugin.name, 0, 0)] }), [
    'Under load, 2 reloads by *this plugin* failed 0 of 2,000 requests and closed 0 connections.',
    'Under load, 2 reloads by *other* failed 6 of 2,000 requests and closed 8 connections.'
  ])
  const [bad, slow] = summarizeResults({
    ...NOTHING,
    comparison: [result(plugin.name, 1, 0)],
    reloadTime: [round({ reload: 200 })]
  })
  t.match(bad, 'failed 2 of 2,000 requests and closed 0 connections (goal: none of either, not met).')
  t.match(slow, /^A reload takes 2\.000 times as long as .* \(goal: at most 1\.0\d0, not met\)\.$/)
})
