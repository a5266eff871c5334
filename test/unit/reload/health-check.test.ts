import { EventEmitter, once } from 'node:events'
import t from 'tap'
import type { HealthOptions } from '../../../lib/process/health-options.js'
import type { ServerHost } from '../../../lib/process/server-host.js'
import type { Service } from '../../../lib/process/service.js'
import { HealthCheck } from '../../../lib/reload/health-check.js'
import { stallWith } from '../../support/stall.js'

/** The checks of some apps, with what they report to the host. */
function checkOf(...apps: Array<HealthOptions | false>): { check: HealthCheck; heard: EventEmitter } {
  const heard = new EventEmitter()
  const service = { apps: new Set(apps.map((health) => ({ options: { health } }))) } as unknown as Service
  const at = { name: 'trial', stage: 'running' }
  const tell = (input: { type: string }): boolean => heard.emit('told', input)
  return { check: new HealthCheck(service, { at, tell } as unknown as ServerHost), heard }
}

const never = () => new Promise(() => {})

t.test('the time limit is that of the apps that have a check', async (t) => {
  const { check, heard } = checkOf({ check: never, checkTimeout: 30 }, { checkTimeout: 60_000 }, false)
  t.equal(check.timeout, 30)
  const told = once(heard, 'told')
  void check.begin()
  t.strictSame(await told, [{ type: 'roll back', reason: 'the health check took longer than 30 ms' }])
})

t.test(
  'an answer that has come while this process stood still counts, although the limit was over before',
  async (t) => {
    await stallWith((heard) => {
      const answer = new Promise<void>((resolve) => heard(resolve))
      const { check, heard: told } = checkOf({ check: () => answer, checkTimeout: 1 })
      told.on('told', (input) => t.fail('it counts as late', input))
      return check.begin().finally(() => check.end())
    })
  }
)

t.test('a check of which nobody wants the answer any more has no limit', async (t) => {
  const { check, heard } = checkOf({ check: never, checkTimeout: 1 })
  heard.on('told', (input) => t.fail('it counts as late', input))
  void check.begin()
  check.end()
  // A limit of the same length that begins after it is over after it.
  const later = checkOf({ check: never, checkTimeout: 1 })
  void later.check.begin()
  await once(later.heard, 'told')
})

t.test('without a check an app is well', async (t) => {
  const { check, heard } = checkOf({ checkTimeout: 60_000 }, false)
  const told = once(heard, 'told')
  await check.conclude()
  t.strictSame(await told, [{ type: 'healthy' }])
})

t.test('an app may throw anything', async (t) => {
  const thrown: Array<[unknown, string]> = [
    [new Error('no database'), 'no database'],
    ['no cache', 'no cache'],
    [undefined, 'undefined'],
    [Object.create(null), '[Object: null prototype] {}'],
    [Object.assign(new Error(), { message: Symbol('?') }), 'Symbol(?)']
  ]
  for (const [value, text] of thrown)
    for (const how of ['begin', 'conclude'] as const) {
      const { check, heard } = checkOf({
        check: () => {
          throw value
        },
        checkTimeout: 60_000
      })
      const told = once(heard, 'told')
      await check[how]()
      t.strictSame(await told, [{ type: 'roll back', reason: `the health check failed: ${text}` }])
    }
})
