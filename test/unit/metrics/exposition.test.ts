import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { expose } from '../../../lib/metrics/exposition.js'
import { familiesOf } from '../../../lib/metrics/families.js'
import { RELOAD_CODES } from '../../../lib/metrics/reload-codes.js'
import { NO_PROMTOOL, promtoolSays } from '../../support/metrics.js'
import { PACKAGE_ROOT } from '../../support/release.js'

const NONE = { connections: 0, upgraded: 0, requests: 0, holds: 0 }

const REPORT = {
  workers: [],
  wanted: 1,
  isReloading: false,
  history: { succeeded: 1, failed: 2, rolledBack: 1, restarts: 0, codes: {}, last: null },
  counts: { opened: 0, closed: 0, moved: 0, forcedRequests: 0, forcedHolds: 0 },
  draining: 0
}

t.test('labels and help are escaped', async (t) => {
  const labels = { path: 'a "quoted" \\ path\nof two lines' }
  const help = 'A \\ and\na line.'
  const text = expose([{ name: 'an_info', type: 'gauge', help, samples: [{ labels, value: 1 }] }])
  t.equal(
    text,
    String.raw`# HELP an_info A \\ and\na line.
# TYPE an_info gauge
an_info{path="a \"quoted\" \\ path\nof two lines"} 1
`
  )
  if (NO_PROMTOOL === false) t.equal(promtoolSays(text), '')
})

t.test('a release with any name, or none', async (t) => {
  const release = { script: '/a "b"\\c\n.js', directory: '/', version: '1"', node: 'v20' }
  const status = { generation: 1, pid: 1, phase: 'serving' as const, uptime: 0, listeners: [], connections: 0 }
  const worker = { worker: 1, started: 1_700_000_000_123.4, serving: undefined, draining: NONE }
  const at = (what: object) =>
    expose(
      familiesOf({ ...REPORT, workers: [{ ...worker, status: { ...status, ...what } }] }, { plugin: null, node: 'v20' })
    )
  t.match(
    at({ release }),
    String.raw`release_info{worker="1",script="/a \"b\"\\c\n.js",directory="/",version="1\"",node="v20"} 1`
  )
  t.match(at({ release: { directory: '/', node: 'v20' } }), 'script="",directory="/",version=""')
  t.notMatch(at({ phase: 'no answer' }), 'release_info{')
  t.match(at({ phase: 'no answer' }), 'worker_up{worker="1"} 0')
  t.match(at({ phase: 'no answer' }), 'phase{worker="1",phase="no_answer"} 1')
  t.notMatch(at({ phase: 'no answer' }), 'role="serving"', 'nobody knows')
  // For queries that count the changes.
  for (const uptime of [1, 2]) t.match(at({ uptime }), 'start_time_seconds{worker="1"} 1700000000.123\n')
})

t.test('what processes of a removed worker still have is there', async (t) => {
  const removed = { ...NONE, requests: 2 }
  const text = expose(familiesOf({ ...REPORT, removed }, { plugin: '1', node: 'v20' }))
  t.match(text, 'requests_in_flight{worker="",role="draining"} 2')
  if (NO_PROMTOOL === false) t.equal(promtoolSays(text), '')
})

t.test('the codes are those with which a reload can end', async (t) => {
  const page = readFileSync(join(PACKAGE_ROOT, 'docs/troubleshooting.md'), 'utf8')
  const [, section = ''] = /^### Errors of a reload or a check\n(.*?)^### /ms.exec(page) ?? []
  const told = [...section.matchAll(/^#### (GRACEFUL_ERR_\w+)$/gm)].map(([, code = '']) => code)
  // A check and a rollback are refused with these, and no reload fails.
  const others = ['GRACEFUL_ERR_NO_CHECK', 'GRACEFUL_ERR_NOT_ON_PROBATION']
  t.strictSame(told.sort(), [...RELOAD_CODES, ...others].sort())
})

t.test('failures by code have as many labels as there are codes, and add up', async (t) => {
  const codes = { GRACEFUL_ERR_VETOED: 1, [`MADE_${'UP'}`]: 1 }
  const text = expose(familiesOf({ ...REPORT, history: { ...REPORT.history, codes } }, { plugin: '1', node: 'v20' }))
  const lines = [...text.matchAll(/^fastify_graceful_reload_failures_total\{code="(.*)"\} (\d+)$/gm)]
  t.strictSame(
    lines.map(([, code]) => code),
    [...RELOAD_CODES, 'other']
  )
  t.strictSame(
    lines.filter(([, , count]) => count !== '0').map(([, code, count]) => [code, count]),
    [
      ['GRACEFUL_ERR_VETOED', '1'],
      ['other', '2']
    ],
    'those of a generation that did not count by code are there too'
  )
})
