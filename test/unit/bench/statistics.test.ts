import t from 'tap'
import { latencies, longestGap, observe, type Sample } from '../../../bench/observation.js'
import { readSettings } from '../../../bench/settings.js'
import { median, quantile, ratios, summarize } from '../../../bench/statistics.js'
import { formatComparison } from '../../../bench/table.js'

t.test('median', async (t) => {
  t.equal(median([3, 1, 2]), 2, 'odd count, any order')
  t.equal(median([4, 1, 3, 2]), 2.5, 'even count: halfway')
  t.equal(median([7]), 7)
  t.equal(median([10, 9, 100]), 10, 'numbers are not sorted as text')
})

t.test('quantile', async (t) => {
  const cases: Array<[number[], number, number]> = [
    [[1, 2, 3, 4, 5], 0, 1],
    [[1, 2, 3, 4, 5], 0.25, 2],
    [[1, 2, 3, 4, 5], 0.75, 4],
    [[1, 2, 3, 4, 5], 1, 5],
    [[1, 2, 3, 4], 0.25, 1.75],
    [[0, 10], 0.9, 9]
  ]
  for (const [values, fraction, expected] of cases) {
    t.equal(quantile(values, fraction), expected, `${fraction} of ${values}`)
  }
  t.throws(() => quantile([], 0.5), RangeError)
  t.throws(() => quantile([1], 1.1), RangeError)
  t.throws(() => quantile([1], Number.NaN), RangeError)
})

t.test('summarize', async (t) => {
  const values = [5, 3, 1, 4, 2]
  t.same(summarize(values), { count: 5, min: 1, q1: 2, median: 3, q3: 4, max: 5 })
  t.same(values, [5, 3, 1, 4, 2], 'the input is left as it was')
})

t.test('ratios', async (t) => {
  t.same(ratios([2, 9], [1, 3]), [2, 3])
  t.throws(() => ratios([1], []), RangeError)
})

t.test('longest gap', async (t) => {
  const window = { from: 10, to: 30 }
  t.equal(longestGap([12, 15, 28], window), 13, 'between two answers')
  t.equal(longestGap([28, 12, 15], window), 13, 'in any order')
  t.equal(longestGap([25, 27], window), 15, 'before the first')
  t.equal(longestGap([11, 12], window), 18, 'after the last')
  t.equal(longestGap([5, 40], window), 20, 'answers outside of the window do not count')
})

t.test('observe', async (t) => {
  const samples: Sample[] = [
    { client: 'fresh', begun: 5, ended: 12, failed: false },
    { client: 'fresh', begun: 11, ended: 14, failed: true },
    { client: 'keep-alive', begun: 12, ended: 19, failed: false },
    { client: 'keep-alive', begun: 20, ended: 90, failed: true },
    { client: 'keep-alive', begun: 29, ended: 80, failed: false },
    { client: 'fresh', begun: 31, ended: 32, failed: true }
  ]
  const closings = [
    { time: 9, announced: false },
    { time: 20, announced: false },
    { time: 21, announced: true }
  ]
  t.same(observe(samples, closings, { from: 10, to: 30 }), {
    requests: 4,
    freshFailed: 1,
    keepAliveFailed: 1,
    givenUp: 0,
    closedUnannounced: 1,
    closedAnnounced: 1,
    longestGap: 11, // The answer at 12 counts although its request began earlier.
    worstLatency: 51 // A failure has no latency.
  })
  t.match(observe([{ client: 'fresh', begun: 20, ended: 5020, failed: true }], [], { from: 10, to: 30 }), {
    givenUp: 1
  })
  t.match(observe([], [], { from: 10, to: 30 }), { requests: 0, longestGap: 20, worstLatency: 0 })
  t.same(latencies(samples, { from: 10, to: 30 }), [7, 51], 'of those that began in the window and were answered')
})

t.test('tables', async (t) => {
  const [spread, single] = [
    { name: 'a', values: [[1, 3, 2]], format: String },
    { name: 'b', values: [[4, 4]], format: String }
  ]
  t.equal(
    formatComparison(['party'], [spread, single]),
    ['|     |     party |', '| --- | --------: |', '| a   | 2 (1 – 3) |', '| b   |         4 |'].join('\n')
  )
})

t.test('settings', async (t) => {
  t.match(readSettings({}), { rounds: 8, output: 'docs', command: 'npm run bench' })
  t.match(readSettings({ BENCH_ROUNDS: '1' }), { rounds: 1, command: 'BENCH_ROUNDS=1 npm run bench' })
  t.throws(() => readSettings({ BENCH_TURNS: '0' }), {
    message: 'BENCH_TURNS must be a whole number above 0, received 0'
  })
  t.match(readSettings({ BENCH_SEED: '5', BENCH_PARTS: 'feel,return' }), {
    seed: 5,
    parts: ['feel', 'return'],
    output: undefined,
    command: 'BENCH_SEED=5 BENCH_PARTS=feel,return npm run bench'
  })
  t.throws(() => readSettings({ BENCH_PARTS: 'feel,all' }), { message: /received all$/ })
})
