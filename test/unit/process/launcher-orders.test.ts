import t from 'tap'
import type { Exit } from '../../../lib/process/exit.js'
import type { LauncherClient } from '../../../lib/process/launcher-client.js'
import { obeyLauncher } from '../../../lib/process/launcher-orders.js'
import type { LauncherEvents } from '../../../lib/process/launcher-requests.js'
import type { Parts } from '../../../lib/process/parts.js'
import type { CheckResult } from '../../../lib/reload/check-result.js'
import { deferred } from '../../../lib/util/deferred.js'

const RESULT = { generation: 2 } as CheckResult

t.test('a server says each step of a check, from its child on, and nothing after its outcome', async (t) => {
  const callbacks = new Set<() => void>()
  const onRested = (callback: () => void) => {
    callbacks.add(callback)
    return () => callbacks.delete(callback)
  }
  const at = { name: 'checking', stage: 'booting', child: 1, check: { reason: 'a test', asks: [] } }
  const child: { pid?: number } = {}
  const rest = () => {
    for (const callback of callbacks) callback()
  }
  const parts = {
    host: { at, onRested },
    service: { generation: 1 },
    asParent: { checkBegun: 0, successors: { get: () => ({ child: child.pid === undefined ? undefined : child }) } }
  }
  let events: LauncherEvents | undefined
  const launcher = {
    attach: (attached: LauncherEvents) => {
      events = attached
    }
  }
  const made = deferred<CheckResult>()
  const status = () => {
    throw new Error('nobody asks')
  }
  obeyLauncher(launcher as unknown as LauncherClient, parts as unknown as Parts, {} as Exit, {
    status,
    makeCheck: () => made.promise
  })
  const steps: string[] = []
  const outcome = events?.makeCheck('a test', ({ step, child: pid }) => steps.push(`${step} ${pid}`))
  rest()
  child.pid = 4712
  rest()
  rest()
  at.stage = 'trying'
  rest()
  made.resolve(RESULT)
  t.equal(await outcome, RESULT)
  at.stage = 'ending'
  rest()
  t.strictSame(steps, ['booting 4712', 'checking 4712'])
})
