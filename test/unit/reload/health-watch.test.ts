import { EventEmitter, once } from 'node:events'
import { setTimeout as pause } from 'node:timers/promises'
import t from 'tap'
import type { ServerHost } from '../../../lib/process/server-host.js'
import type { Service } from '../../../lib/process/service.js'
import { NOTHING } from '../../../lib/protocol/health.js'
import { HealthWatch } from '../../../lib/reload/health-watch.js'

const HANG_TIMEOUT = 100

/** A watch, with what it reports to the host, and the questions to the child, as events. */
function watchChild(launcher?: { pulse: { heardAt: number } }): { watch: HealthWatch; heard: EventEmitter } {
  const heard = new EventEmitter()
  const health = { checkTimeout: 1, hangTimeout: HANG_TIMEOUT, errorShare: 0.4, leastAnswers: 20 }
  const service = { connections: { of: () => [] }, launcher } as unknown as Service
  const host = { tell: (input: { type: string }) => heard.emit(input.type, input) } as unknown as ServerHost
  const watch = new HealthWatch(service, host, health)
  watch.begin(1, () => heard.emit('asked'))
  return { watch, heard }
}

t.test('a child that does not answer is asked twice', async (t) => {
  const { heard } = watchChild()
  let asked = 0
  heard.on('asked', () => {
    asked += 1
  })
  const [input] = await once(heard, 'unwell')
  t.strictSame(input, { type: 'unwell', child: 1, isSilent: true, how: `did not answer for ${HANG_TIMEOUT} ms` })
  t.equal(asked, 2)
})

t.test(
  'while the launcher, through which it would answer, stands still, it is not the child that is silent',
  async (t) => {
    const launcher = { pulse: { heardAt: 0 } }
    const { heard } = watchChild(launcher)
    let isUnwell = false
    const unwell = once(heard, 'unwell').then(() => {
      isUnwell = true
    })
    await once(heard, 'asked')
    // Longer than it would take otherwise; longer still is as good.
    await pause(HANG_TIMEOUT * 4)
    t.notOk(isUnwell)
    launcher.pulse.heardAt = Number.POSITIVE_INFINITY
    await unwell
  }
)

t.test('what a child of an earlier reload reports does not count', async (t) => {
  const { watch, heard } = watchChild()
  const failing = { answers: 50, errors: 50 }
  watch.heard(2, { first: failing, later: failing })
  t.strictSame(watch.figures.child, { answers: 0, errors: 0 })
  const [input] = await once(heard, 'unwell')
  t.match(input, { isSilent: true })
})

t.test('a watch that has ended asks and judges no more', async (t) => {
  const { watch, heard } = watchChild()
  heard.on('unwell', () => t.fail('nobody is judged'))
  await once(heard, 'asked')
  watch.heard(1, NOTHING)
  await once(heard, 'asked')
  watch.end()
  heard.on('asked', () => t.fail('nobody is asked'))
  watch.heard(1, NOTHING)
  await pause(HANG_TIMEOUT * 4)
})
