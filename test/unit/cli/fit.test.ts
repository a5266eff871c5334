import t from 'tap'
import { clip } from '../../../lib/cli/clip.js'
import { fit, type Line } from '../../../lib/cli/fit.js'
import { plain } from '../../../lib/cli/paint.js'
import { statusLines } from '../../../lib/cli/status-lines.js'
import { headLines } from '../../../lib/cli/watch-status.js'
import type { ControlStatus } from '../../../lib/control/messages.js'

/** One line for each word, as in `a0 b7`: its block and its rank; `-` separates blocks. */
function lines(text: string): Line[] {
  return text.split(' ').map((word) => {
    if (word.startsWith('-')) return { text: '', rank: Number(word.slice(1)), block: -1 }
    return { text: word, rank: Number(word[1]), block: word.charCodeAt(0) }
  })
}

t.test('as much as fits, details first to go, and then the brief view', async (t) => {
  const full = lines('a0 a9 a7 -0 b0 b9 -0 c0 c6')
  const brief = lines('a0 -5 b3 b3 b3 -5 c0')
  const shown = (rows: number) =>
    fit(full, brief, rows)
      .join(' ')
      .replace(/….*/, (note) => `(${note.split(' ')[1]})`)
  t.equal(shown(9), 'a0 a9 a7  b0 b9  c0 c6')
  t.equal(shown(8), 'a0 a7  b0  c0 c6 (2)')
  t.equal(shown(6), 'a0  b0  c0 (4)')
  t.equal(shown(5), 'a0 b3 b3 c0 (3)', 'of the brief view, separators first')
  t.equal(shown(3), 'a0 c0 (5)')
  t.equal(shown(2), 'a0 (6)')
  t.equal(shown(1), 'a0', 'rather the most important line than how many others there are')
  t.equal(shown(0), '')
  t.match(fit(full, brief, 6).at(-1), /^… 4 more lines;/)
})

const SECOND = 1000
const began = '2026-11-27T08:00:00.000Z'
const memory = { rss: 92e6, heapUsed: 40e6 }
const listeners = ['127.0.0.1:3000']
const release = { script: '/srv/app/42/server.js', directory: '/srv/app/42', version: '1.42.0', node: 'v24.1.0' }

function worker(pid: number, more: object = {}) {
  const rest = { uptime: 60 * SECOND, listeners, connections: 3, release, plugin: '1.0.0', memory }
  return { generation: 2, pid, phase: 'serving', ...rest, ...more }
}

const draining = {
  ...worker(20, { generation: 1, phase: 'draining', listeners: [] }),
  drain: {
    ...{ reason: 'reloaded', elapsed: 4000, left: 21_000, holds: ['mail'], upgraded: 0 },
    requests: { count: 1, oldest: [{ method: 'GET', route: '/slow', age: 12_300 }] }
  }
}

function statusOf(more: object): ControlStatus {
  const error = { code: 'GRACEFUL_ERR_ROLLED_BACK', message: 'it was killed' }
  const timings = { boot: 300, handoff: 1, probation: 1200, total: 1500 }
  const last = { began, reason: 'release 43', outcome: 'rolled back', generation: 3, error, timings }
  const history = { succeeded: 1, failed: 0, rolledBack: 1, restarts: 0, codes: {}, last }
  const own = { version: 2, plugin: '1.0.0', node: 'v24.1.0', launcher: { pid: 7, uptime: 90 * SECOND, memory } }
  const rest = { draining: [draining], queued: { reason: 'release 44' }, history }
  return { ...own, workers: [worker(21), worker(22)], ...rest, ...more } as unknown as ControlStatus
}

const now = Date.parse(began) + 5500
const drawn = (status: ControlStatus, rows: number) => statusLines(status, rows, plain, now)

t.test('on a terminal with 24 rows, two workers and what drains', async (t) => {
  t.strictSame(drawn(statusOf({}), 22), [
    'launcher  pid 7, started 1 min 30 s ago',
    'worker 1  generation 2, pid 21, 3 connections: serving',
    'release   server.js in /srv/app/42, version 1.42.0',
    'uptime    1 min',
    'worker 2  generation 2, pid 22, 3 connections: serving',
    'release   server.js in /srv/app/42, version 1.42.0',
    'uptime    1 min',
    '',
    'reloads   1 succeeded, 1 rolled back',
    'last      generation 3 rolled back 4.0 s ago',
    'because   it was killed [GRACEFUL_ERR_ROLLED_BACK]',
    'asked by  release 43, at 2026-11-27T08:00:00.000Z',
    'took      1.5 s: boot 300 ms, handoff 1 ms, probation 1.2 s',
    'queued    release 44',
    '',
    'draining  generation 1, pid 20, for 4.0 s (reloaded)',
    'cut off   in 21.0 s',
    'requests  GET /slow, for 12.3 s',
    'holds     mail',
    'open      3 connections',
    'memory    92.0 MB',
    '… 17 more lines; without --watch, status prints all'
  ])
  t.equal(drawn(statusOf({}), 100).length, 40)
})

t.test('what goes wrong stays longest', async (t) => {
  const ended = worker(50, { phase: 'ended', restarts: { count: 4, next: 2000 } })
  const workers = [...Array.from({ length: 40 }, (_, index) => worker(30 + index)), ended]
  const lines = drawn(statusOf({ workers }), 12)
  t.equal(lines.length, 12)
  for (const pattern of [/^worker 41 .*ended/, /^restarts +4; the next/, /^last/, /^because/, /^queued/, /^draining/])
    t.ok(
      lines.some((line) => pattern.test(line)),
      `${pattern} in ${lines.join('\n')}`
    )
  const all = Array.from({ length: 40 }, () => ended)
  const few = drawn(statusOf({ workers: all }), 8)
  for (const pattern of [/^worker 1 /, /^last/, /^because/, /^queued/, /^draining/])
    t.ok(
      few.some((line) => pattern.test(line)),
      `${pattern} in ${few.join('\n')}`
    )
})

t.test('a single server keeps its lines while there is room without details', async (t) => {
  const alone = statusOf({ launcher: null, workers: [worker(21)], queued: null })
  const lines = drawn(alone, 18)
  t.match(lines[0], /^phase +serving$/)
  t.equal(lines.length, 18)
  t.notOk(lines.some((line) => line.startsWith('memory')))
  t.match(drawn(alone, 8)[0], /^server +generation 2, pid 21, 3 connections: serving/)
})

t.test('no row stays without its server', async (t) => {
  const crashed = { restarts: { count: 5 } }
  const check = { check: { step: 'booting', reason: 'new config', elapsed: 100, generation: 3 } }
  const more = [{}, crashed, {}, { ...crashed, ...check }, {}, check]
  const workers = Array.from({ length: 30 }, (_, index) => worker(30 + index, more[index % more.length]))
  const of = (all: readonly string[], index: number) => {
    return all.slice(0, index).findLast((line) => /^(worker|server) /.test(line))
  }
  const whole = drawn(statusOf({ workers }), 200).filter((line) => line !== '')
  t.ok(whole.length > 50)
  for (let rows = 1; rows < 70; rows++) {
    const lines = drawn(statusOf({ workers }), rows)
    for (const [index, line] of lines.entries()) {
      if (!/^(restarts|check) /.test(line)) continue
      const server = Number(/^worker (\d+) /.exec(of(lines, index) ?? '')?.[1]) - 1
      t.ok(Object.hasOwn(more[server % more.length] ?? {}, line.split(' ')[0] ?? ''), `${rows} rows: ${line}`)
    }
  }
})

t.test('a few rows have the most important lines', async (t) => {
  const steady = { draining: [], queued: null, history: { succeeded: 0, failed: 0, rolledBack: 0, restarts: 0 } }
  t.match(drawn(statusOf({ ...steady, history: { ...steady.history, last: null } }), 1), [/^worker 1 .*serving/])
  const ended = [worker(21), worker(22, { phase: 'ended', restarts: { count: 4 } })]
  t.match(drawn(statusOf({ workers: ended }), 1), [/^worker 2 .*ended/])
  t.strictSame(headLines('title', '', 24), ['title', ''])
  t.strictSame(headLines('title', '', 3), ['title'])
  t.strictSame(headLines('title', 'no answer', 3), ['title', 'no answer'])
  t.strictSame(headLines('title', '', 1), [])
})

t.test('a status of 1024 workers is shortened in few steps', async (t) => {
  let steps = 0
  const MOST = 2_000_000
  const count = (value: number) => {
    if (++steps > MOST) throw new Error(`more than ${MOST} steps`)
    return value
  }
  const counting = (text: string, value: number, block: number): Line => {
    return {
      text,
      block,
      get rank() {
        return count(value)
      }
    }
  }
  const full = Array.from({ length: 13_000 }, (_, index) => counting('x', index % 10, Math.floor(index / 13)))
  const brief = Array.from({ length: 3000 }, (_, index) => counting('y', index % 4, 0))
  t.equal(fit(full, brief, 22).length, 22)
  const all = Array.from({ length: 1024 }, (_, index) => worker(30 + index, { restarts: { count: 1 } }))
  t.equal(drawn(statusOf({ workers: all }), 22).length, 22)
})

t.test('a line of the brief view fits on 80 columns, with large numbers', async (t) => {
  const trial = (elapsed: number) => {
    return { generation: 12, reload: { role: 'child', parent: 4_000_000, probation: { elapsed, duration: 60_000 } } }
  }
  const phases = (...elapsed: number[]) => {
    const workers = elapsed.map((time, index) => worker(4_194_300 + index, trial(time)))
    const lines = drawn(statusOf({ workers, draining: [] }), 12).filter((line) => line.startsWith('worker '))
    for (const line of lines) t.equal(clip(line, 79), line)
    return lines.map((line) => line.slice(line.indexOf(':') + 2))
  }
  t.strictSame(phases(60_000, 3000), ['passed, waits for worker 2', 'probation 3.0 of 60.0 s'])
  t.match(phases(60_000, 3000, 3000), ['passed, waits for 2 others'])
  t.strictSame(phases(60_000, 60_000), ['passed', 'passed'])
})

t.test('versions that differ from those of the launcher stay longer than details', async (t) => {
  const workers = [worker(21), worker(22, { plugin: '1.1.0', release: { ...release, node: 'v24.2.0' } })]
  const whole = statusOf({ workers, draining: [] })
  const versions = (rows: number) => drawn(whole, rows).filter((line) => /^(node|plugin) /.test(line))
  const other = [/^node +v24\.2\.0$/, /^plugin +1\.1\.0$/]
  const { length } = drawn(whole, 100)
  t.match(versions(length - 9), [/^node +v24\.1\.0$/, /^plugin +1\.0\.0$/, ...other])
  t.notMatch(drawn(whole, length - 9)[0], /started/, 'the whole view, without details')
  for (const rows of [12, 14, 16]) {
    t.match(drawn(whole, rows)[0], /^launcher +pid 7, started/)
    t.match(versions(rows), other, `${rows} rows`)
  }
  t.strictSame(
    drawn(statusOf({ draining: [] }), 14).filter((line) => /^(node|plugin) /.test(line)),
    []
  )
})
