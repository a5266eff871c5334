import t, { type Test } from 'tap'
import { loadLaterModules, loadModulesNow } from '../../../lib/process/later-modules.js'
import { deferred } from '../../support/deferred.js'

const never = (t: Test) => (error: unknown) => void t.fail(String(error))

t.test('loads one module in each turn of the event loop, and not at once', async (t) => {
  const all = deferred<void>()
  const order: string[] = []
  const load = (name: string) => () => {
    order.push(name)
    setImmediate(() => order.push(`turn after ${name}`))
    if (name === 'c') setImmediate(all.resolve)
  }
  loadLaterModules(never(t), [load('a'), load('b'), load('c')])
  t.strictSame(order, [])
  const stay = setInterval(() => {}, 1000) // A module that waits to be loaded keeps no process alive.
  await all.promise
  clearInterval(stay)
  t.strictSame(order, ['a', 'turn after a', 'b', 'turn after b', 'c', 'turn after c'])
})

t.test('leaves the rest undone when told', async (t) => {
  const order: string[] = []
  const told = deferred<void>()
  const stop = loadLaterModules(never(t), [
    () => order.push('a'),
    () => {
      order.push('b')
      stop()
      told.resolve()
    },
    () => order.push('c')
  ])
  loadLaterModules(never(t), [() => order.push('never')])()
  const stay = setInterval(() => {}, 1000)
  await told.promise
  clearInterval(stay)
  const after = deferred<void>()
  loadLaterModules(never(t), [after.resolve])
  const longer = setInterval(() => {}, 1000)
  await after.promise
  clearInterval(longer)
  t.strictSame(order, ['a', 'b'])
})

t.test('what cannot be loaded ends nothing, is told, and is tried again', async (t) => {
  const all = deferred<void>()
  const order: string[] = []
  const told: unknown[] = []
  const error = new Error('EMFILE: too many open files')
  const load = () => {
    order.push('b')
    if (told.length < 2) throw error
  }
  loadLaterModules((reason) => told.push(reason), [() => order.push('a'), load, () => all.resolve()], 1)
  const stay = setInterval(() => {}, 1000)
  await all.promise
  clearInterval(stay)
  t.strictSame(order, ['a', 'b', 'b', 'b'], 'what has been loaded is not loaded again')
  t.strictSame(told, [error, error])
})

t.test('the rest is loaded at once on request, and the caller learns why it cannot be loaded', async (t) => {
  const order: string[] = []
  loadModulesNow([() => order.push('a'), () => order.push('b')])
  t.strictSame(order, ['a', 'b'])
  const fail = () => {
    throw new Error('EMFILE: too many open files')
  }
  t.throws(() => loadModulesNow([fail]), /EMFILE/)
})
