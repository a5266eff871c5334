import t from 'tap'
import type { CheckProgress } from '../../../lib/control/reports.js'
import { Checks } from '../../../lib/launcher/checks.js'
import { SILENCE } from '../../../lib/launcher/limits.js'
import type { Roster } from '../../../lib/launcher/roster.js'
import type { Server } from '../../../lib/launcher/server.js'
import type { CheckResult } from '../../../lib/reload/check-result.js'
import { deferred } from '../../../lib/util/deferred.js'
import { stallWith } from '../../support/stall.js'

/** Longer than it takes until the launcher looks whether the server answers. Milliseconds. */
const STALL = 700

const RESULT = { generation: 2 } as CheckResult

/** A server that makes a check. */
function makerOf(made: Promise<CheckResult>): { server: Server; owes: (duration: number) => void } {
  const fields = { pid: 4711, service: { checks: true, readyTimeout: 1, times: { stop: 1 } }, owesAnswer: 0 }
  const server = { ...fields, check: () => made }
  const owes = (duration: number) => {
    server.owesAnswer = duration
  }
  return { server: server as unknown as Server, owes }
}

const checksOf = (server: Server) =>
  new Checks({ roll: undefined, areLeaving: false, answering: [server] } as unknown as Roster)

t.test('a launcher that stood still reads what the server has said before it takes it for silent', async (t) => {
  const made = deferred<CheckResult>()
  const { server, owes } = makerOf(made.promise)
  const outcome = stallWith((heard) => {
    heard(() => {
      owes(0)
      made.resolve(RESULT)
    })
    const outcome = checksOf(server).make('a test')
    owes(SILENCE)
    return outcome
  }, STALL)
  t.equal(await outcome, RESULT)
})

t.test('a server that does not answer makes no check', async (t) => {
  const made = deferred<CheckResult>()
  const { server, owes } = makerOf(made.promise)
  const outcome = checksOf(server).make('a test')
  owes(SILENCE)
  await t.rejects(outcome, { code: 'GRACEFUL_ERR_NO_CHECK', message: /process 4711.* does not answer/ })
  made.reject(new Error('it has ended'))
})

t.test('how far a check is, is known as soon as the server has said it, without asking', async (t) => {
  const made = deferred<CheckResult>()
  const { server } = makerOf(made.promise)
  const moved = deferred<(position: CheckProgress) => void>()
  const report = () => new Promise<undefined>(() => {})
  const check = (_reason: string, _until: number, say: (position: CheckProgress) => void) => {
    moved.resolve(say)
    return made.promise
  }
  Object.assign(server, { report, check })
  const checks = checksOf(server)
  const outcome = checks.make('a test')
  const say = await moved.promise
  say({ step: 'booting', reason: 'a test', elapsed: 7, generation: 2, child: 4712 })
  t.match(await checks.position(), { step: 'booting', child: 4712 })
  made.resolve(RESULT)
  await outcome
  t.equal(await checks.position(), undefined)
})

t.test('what the maker says of a check that came too late is not taken for that of the next one', async (t) => {
  const said: Array<(position: CheckProgress) => void> = []
  const results = [deferred<CheckResult>(), deferred<CheckResult>()]
  const { server } = makerOf(new Promise(() => {}))
  const check = (_reason: string, _until: number, say: (position: CheckProgress) => void) => {
    said.push(say)
    return results[said.length - 1]?.promise
  }
  Object.assign(server, { check, report: async () => undefined })
  const checks = checksOf(server)
  const first = checks.make('the first')
  results[0]?.reject(new Error('it took too long'))
  await t.rejects(first, { code: 'GRACEFUL_ERR_NO_CHECK' })
  const second = checks.make('the second')
  said[0]?.({ step: 'ending', reason: 'the first', elapsed: 9, generation: 2, child: 4712 })
  t.equal(await checks.position(), undefined)
  said[1]?.({ step: 'booting', reason: 'the second', elapsed: 1, generation: 2, child: 4713 })
  t.match(await checks.position(), { child: 4713 })
  results[1]?.resolve(RESULT)
  await second
})
