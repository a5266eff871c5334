import type { WriteStream } from 'node:tty'
import t from 'tap'
import { clip } from '../../../lib/cli/clip.js'
import { describeProgress } from '../../../lib/cli/describe-reload.js'
import { describeStatus } from '../../../lib/cli/describe-status.js'
import { progressOn } from '../../../lib/cli/progress-line.js'
import { duration, spent } from '../../../lib/cli/units.js'
import type { ControlStatus } from '../../../lib/control/messages.js'
import type { ReloadPosition } from '../../../lib/control/reports.js'

const SECOND = 1000
const MINUTE = 60 * SECOND
const HOUR = 60 * MINUTE

t.test('durations in the units of a person', async (t) => {
  for (const [milliseconds, said] of [
    [0, '0 ms'],
    [310.4, '310 ms'],
    [999, '999 ms'],
    [12_340, '12.3 s'],
    [59_999, '59.9 s'],
    [3 * MINUTE + 12 * SECOND, '3 min 12 s'],
    [5 * MINUTE, '5 min'],
    [2 * HOUR + 14.9 * MINUTE, '2 h 14 min'],
    [123 * HOUR, '5 d 3 h']
  ] as const)
    t.equal(duration(milliseconds), said)
  t.equal(spent({ elapsed: 1250, duration: 3000 }), '1.2 of 3.0 s')
})

t.test('the probation goes on between two lines of a server, and not beyond its end', async (t) => {
  const position = { step: 'probation', reason: '', elapsed: 700, probation: { elapsed: 40, duration: 1500 } } as const
  t.equal(describeProgress(position, 0), 'probation, 0.0 of 1.5 s')
  t.equal(describeProgress(position, 970), 'probation, 1.0 of 1.5 s')
  t.equal(describeProgress(position, 9700), 'probation, 1.5 of 1.5 s')
})

t.test('a line of a terminal has the figures of the moment in which it is drawn', async (t) => {
  const drawn: string[] = []
  const stream = { isTTY: true, columns: 80, write: (text: string) => drawn.push(text) }
  const progress = progressOn(stream as unknown as WriteStream, { TERM: 'xterm' })
  await new Promise<void>((resolve) => {
    // Drawn at once, and again by the clock of the line, which keeps no process alive.
    const alive = setInterval(() => {}, 1000)
    progress.tell('probation', (since) => {
      if (since !== undefined && since > 0 && drawn.length > 0) resolve(clearInterval(alive))
      return `since ${since !== undefined && since > 100}`
    })
  })
  progress.end()
  t.match(drawn, [/since false/, /since true/])
})

t.test('in a pipe there is a line for each step without figures, and one with them each minute', async (t) => {
  const written: string[] = []
  const stream = { write: (text: string) => written.push(text) }
  const calls = new Set<() => void>()
  let now = 0
  const every = (interval: number, callback: () => void) => {
    t.equal(interval, MINUTE)
    calls.add(callback)
    return () => calls.delete(callback)
  }
  const progress = progressOn(stream as unknown as WriteStream, {}, { now: () => now, every })
  const shown = () => written.splice(0).join('').split('\n').slice(0, -1)
  const booting = { step: 'booting', reason: '', elapsed: 1, child: 8101, migrated: 0, remaining: 7 } as const
  const trial = (elapsed: number, migrated: number) => {
    return { ...booting, step: 'probation', probation: { elapsed, duration: 300_000 }, migrated } as const
  }
  const tell = (position: ReloadPosition) => progress.tell(position.step, (since) => describeProgress(position, since))
  tell(booting)
  tell(trial(0, 0))
  tell(trial(59_000, 3))
  t.strictSame(shown(), ['booting, child 8101', 'probation of 300.0 s, child 8101'])
  t.equal(calls.size, 1, 'only the last place is repeated')
  now += 1000
  for (const call of calls) call()
  t.strictSame(shown(), ['probation, child 8101, 60.0 of 300.0 s, 3 of 10 connections moved'])
  tell(booting)
  for (const call of calls) call()
  t.strictSame(shown(), ['booting, child 8101', 'booting, child 8101'])
  progress.end('done')
  t.equal(calls.size, 0)
  t.strictSame(shown(), [])
})

t.test('a line is cut where the terminal ends, and its colours are not', async (t) => {
  const [on, off] = ['\x1b[31m', '\x1b[39m']
  t.equal(clip('short', 5), 'short')
  t.equal(clip('longer', 5), 'long…')
  t.equal(clip(`${on}short${off}`, 5), `${on}short${off}`)
  t.equal(clip(`a${on}longer${off}`, 5), `a${on}lon${off}…`)
})

t.test('the status of a server of an earlier release, which tells less', async (t) => {
  const worker = { generation: 2, pid: 20, phase: 'serving', uptime: 1500, listeners: ['[::1]:80'], connections: 1 }
  const history = { succeeded: 1, failed: 0, rolledBack: 0, restarts: 1, last: null }
  const status = { version: 2, plugin: null, node: 'v20.20.0', launcher: null, workers: [worker], history }
  t.equal(
    describeStatus(status as unknown as ControlStatus),
    'phase        serving\ngeneration   2\npid          20\nuptime       1.5 s\nlisteners    [::1]:80\nconnections  1\n\n' +
      'reloads      1 succeeded, 1 restart after a crash\n'
  )
})

t.test('what a person looks for first', async (t) => {
  const last = {
    ...{ began: '2026-11-27T08:00:00.000Z', reason: 'release 42', outcome: 'rolled back', generation: 4 },
    error: { code: 'GRACEFUL_ERR_ROLLED_BACK', message: 'it was\x1b[2J killed' },
    timings: { boot: 301.5, handoff: 1.2, probation: 1200, total: 1500 }
  }
  const known = { generation: 3, pid: 8110, uptime: 86_400_000, listeners: [], connections: 12 }
  const drain = {
    ...{ reason: 'reloaded', elapsed: 4000, left: 21_000, holds: ['mail', 'import'], upgraded: 2 },
    requests: {
      count: 7,
      oldest: [
        { method: 'GET', route: '/reports/:id', age: 12_300 },
        { method: 'PUT', route: null, age: 9 }
      ]
    }
  }
  const status = {
    ...{ version: 2, plugin: '1.0.0', node: 'v24.1.0', launcher: null, queued: { reason: 'release 43' } },
    workers: [
      {
        ...known,
        phase: 'serving',
        release: { script: '/srv/app/43/server.js', directory: '/srv/app/43', node: 'v24.1.0' },
        reload: { role: 'child', parent: 8102, probation: { elapsed: 1200, duration: 3000 } }
      }
    ],
    draining: [
      {
        ...known,
        generation: 2,
        pid: 8102,
        phase: 'draining',
        connections: 3,
        drain,
        memory: { rss: 92e6, heapUsed: 40e6 }
      },
      { ...known, generation: 1, pid: 8090, phase: 'no answer' }
    ],
    history: { succeeded: 2, failed: 0, rolledBack: 1, restarts: 0, last }
  }
  const now = Date.parse(last.began) + 1500 + 192_000
  t.equal(
    describeStatus(status as unknown as ControlStatus, undefined, now),
    `phase        serving on probation, 1.2 of 3.0 s; pid 8102 takes over again if it fails
generation   3
pid          8110
uptime       1 d
release      server.js in /srv/app/43
node         v24.1.0
listeners    none
connections  12
plugin       1.0.0

reloads      2 succeeded, 1 rolled back
last         generation 4 rolled back 3 min 12 s ago
because      it was\\x1b[2J killed [GRACEFUL_ERR_ROLLED_BACK]
asked by     release 42, at 2026-11-27T08:00:00.000Z
took         1.5 s: boot 302 ms, handoff 1 ms, probation 1.2 s
queued       release 43

draining     generation 2, pid 8102, for 4.0 s (reloaded)
cut off      in 21.0 s
requests     GET /reports/:id, for 12.3 s
             PUT (unknown route), for 9 ms
             and 5 younger
holds        mail, import
open         3 connections, of them 2 upgraded, such as WebSockets
memory       92.0 MB

draining     generation 1, pid 8090: no answer
`
  )
})

t.test('a server that stops says each thing once, and always what it waits for', async (t) => {
  const drain = { reason: 'SIGTERM', elapsed: 1100, left: 3900, holds: ['mail'], upgraded: 1 }
  const requests = { count: 1, oldest: [{ method: 'GET', route: '/slow', age: 1200 }] }
  const release = { script: '/srv/app/server.js', directory: '/srv/app', version: '1.42.0', node: 'v24.1.0' }
  const worker = {
    ...{ generation: 3, pid: 8110, phase: 'draining', uptime: 5000, listeners: [], connections: 2, release },
    ...{ drain: { ...drain, requests }, memory: { rss: 92e6, heapUsed: 40e6 } }
  }
  const nothing = { ...drain, holds: [], upgraded: 0, requests: { count: 0, oldest: [] } }
  const draining = [{ ...worker, generation: 2, pid: 8102, connections: 0, drain: nothing, memory: undefined }]
  const history = { succeeded: 1, failed: 0, rolledBack: 0, restarts: 0, codes: {}, last: null }
  const launcher = { pid: 7, uptime: 60_000 }
  const status = { version: 2, plugin: null, node: 'v24.1.0', launcher, workers: [worker], draining, history }
  t.equal(
    describeStatus(status as unknown as ControlStatus),
    `launcher     pid 7
uptime       1 min

phase        draining, for 3.9 s at most
generation   3
pid          8110
uptime       5.0 s
release      server.js in /srv/app, version 1.42.0
node         v24.1.0
listeners    none
connections  2
memory       92.0 MB, of it 40.0 MB heap
drain        for 1.1 s (SIGTERM)
requests     GET /slow, for 1.2 s
holds        mail
upgraded     1 connection, such as WebSockets

reloads      1 succeeded

draining     generation 2, pid 8102, for 1.1 s (SIGTERM)
cut off      in 3.9 s
waits for    nothing any more: it is ending
open         0 connections
`
  )
})

t.test('a worker that has passed says for whom it waits', async (t) => {
  const trial = (elapsed: number) => ({ role: 'child', parent: 7, probation: { elapsed, duration: 3000 } })
  const phases = (...reloads: object[]) => {
    const workers = reloads.map((reload, index) => {
      return { generation: 2, pid: 20 + index, phase: 'serving', uptime: 1, listeners: [], connections: 0, reload }
    })
    const history = { succeeded: 0, failed: 0, rolledBack: 0, restarts: 0, codes: {}, last: null }
    const status = { version: 2, plugin: null, node: 'v24.1.0', launcher: { pid: 7, uptime: 1 }, workers, history }
    return [...describeStatus(status as unknown as ControlStatus).matchAll(/^phase +(.*); pid 7 takes/gm)].map(
      ([, phase]) => phase
    )
  }
  const made = { role: 'parent', step: 'booting', reason: 'x', elapsed: 1, generation: 3, migrated: 0, remaining: 0 }
  t.strictSame(phases(trial(3000), made), ['serving on probation, passed after 3.0 s, waits for worker 2'])
  t.strictSame(phases(trial(3000), trial(100)), [
    'serving on probation, passed after 3.0 s, waits for worker 2',
    'serving on probation, 0.1 of 3.0 s'
  ])
  t.match(phases(trial(3000), made, trial(3000), {}), [/waits for workers 2 and 4$/, /waits for workers 2 and 4$/])
  t.match(phases(made, made, made, trial(3000)), [/waits for 3 other workers$/])
  t.match(phases(trial(3000), trial(3000)), [/, passed after 3\.0 s$/, /, passed after 3\.0 s$/], 'none is left')
  t.strictSame(phases(trial(3000)), ['serving on probation, 3.0 of 3.0 s'], 'alone, nobody is waited for')
})

t.test('versions that differ from those of the launcher', async (t) => {
  const release = { directory: '/srv/app', node: 'v24.1.0' }
  const one = { generation: 2, pid: 20, phase: 'serving', uptime: 1, listeners: [], connections: 0, release }
  const history = { succeeded: 0, failed: 0, rolledBack: 0, restarts: 0, codes: {}, last: null }
  const versions = (node: string, ...plugins: string[]) => {
    const workers = plugins.map((plugin) => ({ ...one, plugin }))
    const status = { version: 2, plugin: '1.0.0', node, launcher: { pid: 7, uptime: 1 }, workers, history }
    return describeStatus(status as unknown as ControlStatus).match(/^(node|plugin) .*/gm)
  }
  const node = 'node         v24.1.0'
  t.strictSame(versions('v24.1.0', '1.0.0', '1.0.0'), ['plugin       1.0.0', node, node])
  t.strictSame(versions('v22.0.0', '1.0.0', '1.1.0'), [
    'node         v22.0.0',
    'plugin       1.0.0',
    node,
    node,
    'plugin       1.1.0'
  ])
})
