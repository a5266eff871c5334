import t from 'tap'
import type { Sample } from '../../../bench/observation.js'
import { plotLatency } from '../../../bench/plot/plot.js'
import { binSamples, type Timeline } from '../../../bench/plot/timeline.js'

const sample = (begun: number, ended: number, failed = false): Sample => ({ client: 'fresh', begun, ended, failed })

const timeline = (changes: Partial<Timeline>): Timeline => ({
  name: 'party',
  samples: [sample(5000, 5010)],
  reload: { from: 5000, to: 5300, over: 8300 },
  losses: { reloads: 2, failed: 0, closed: 0 },
  ...changes
})

t.test('bins', async (t) => {
  const samples = [sample(131, 135), sample(101, 103), sample(108, 115), sample(109, 110, true), sample(99, 100)]
  t.same(binSamples(samples, { from: 100, to: 200 }, 10), [
    { time: 0, worst: 7, failed: 1 },
    { time: 30, worst: 4, failed: 0 }
  ])
})

t.test('a party that lost nothing', async (t) => {
  const svg = plotLatency([timeline({ name: 'a < b & c' })])
  t.match(svg, '>a &lt; b &amp; c<')
  t.match(svg, /<path class="latency" d="M[\d.]+ 76V38H/, '10 of at most 100 ms are half-way up the logarithmic scale')
  t.match(svg, '<path class="failed" d=""/>')
  t.match(svg, 'in 2 reloads of each:')
  t.match(svg, '<tspan class="figure good">0</tspan> connections closed')
  t.notMatch(svg, /NaN|undefined|Infinity/)
})

t.test('only the time around the reload is shown', async (t) => {
  const samples = [sample(3499, 3500), sample(3500, 3501), sample(9800, 9801), sample(9801, 9802)]
  const svg = plotLatency([timeline({ samples })])
  t.equal(svg.match(/<path class="latency" d="([^"]*)"/)?.[1]?.split('M').length, 3)
})

t.test('failures are drawn in their own lane, and closed connections beside those of the others', async (t) => {
  const some = timeline({
    samples: [sample(5000, 5100, true)],
    losses: { reloads: 2, failed: 1, closed: 5 }
  })
  const most = timeline({ losses: { reloads: 2, failed: 0, closed: 10 } })
  const svg = plotLatency([some, most])
  t.match(svg, /<path class="failed" d="M[\d.]+ 84h/, 'below the latencies')
  t.match(svg, '<tspan class="figure failed">1</tspan> requests failed')
  const [half, all] = [...svg.matchAll(/<rect class="closed" [^>]*width="([\d.]+)"/g)].map(([, width]) => Number(width))
  t.equal(all, 2 * Number(half))
})

t.test('the colours follow the page', async (t) => {
  t.match(plotLatency([timeline({})]), /@media \(prefers-color-scheme: dark\) \{ .*\.page \{ fill: #0d1117 \}/)
})
