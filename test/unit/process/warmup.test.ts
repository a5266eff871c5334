import Fastify from 'fastify'
import t from 'tap'
import { isFlat, warmUp } from '../../../lib/process/warmup.js'

t.test('rounds are compared five by five, by their medians', async (t) => {
  t.notOk(isFlat([]))
  t.notOk(isFlat([9, 9, 9, 9, 9, 9, 9, 9, 9]), 'too few')
  t.ok(isFlat([9, 9, 9, 9, 9, 9, 9, 9, 9, 9]))
  t.notOk(isFlat([9, 9, 9, 9, 9, 5, 5, 5, 5, 5]), 'they become quicker')
  t.notOk(isFlat([9, 9, 9, 9, 9, 5, 5, 90, 90, 5]), 'two that met the garbage collector')
  t.ok(isFlat([20, 12, 9, 9, 9, 9, 9, 9, 9, 9, 9, 9]), 'only the last ten')
  t.ok(isFlat([10, 10, 10, 10, 10, 9.6, 9.6, 9.6, 9.6, 9.6]), 'by less than a twentieth')
  t.ok(isFlat([5, 5, 5, 5, 5, 9, 9, 9, 9, 9]), 'slower')
})

async function roundsOf(warmup: Parameters<typeof warmUp>[1]): Promise<{ asked: string[]; warnings: string[] }> {
  const app = Fastify()
  const asked: string[] = []
  const warnings: string[] = []
  for (const path of ['/a', '/b']) app.get(path, async () => asked.push(path))
  await app.ready()
  await warmUp(app, warmup, (warning) => warnings.push(warning))
  await app.close()
  return { asked, warnings }
}

t.test('paths are requested once, or in rounds', async (t) => {
  t.strictSame((await roundsOf(['/a', '/b'])).asked, ['/a', '/b'])
  t.strictSame((await roundsOf({ paths: ['/a', '/b'], repeatFor: 0 })).asked, ['/a', '/b'])
  const { asked, warnings } = await roundsOf({ paths: ['/a', '/nowhere', '/b'], repeatFor: 60_000 })
  t.ok(asked.length >= 20, `${asked.length} answers: ten rounds are the least that can be compared`)
  t.strictSame(asked.slice(-2), ['/a', '/b'], 'a round that has begun is finished')
  t.equal(warnings.length, 1, 'a request that warms up nothing causes one warning')
  t.strictSame(await roundsOf({ paths: [], repeatFor: 60_000 }), { asked: [], warnings: [] })
})

t.test('an answer with a status of 500 ends them', async (t) => {
  const app = Fastify()
  let asked = 0
  app.get('/', async () => {
    asked += 1
    if (asked === 3) throw new Error('the cache is full')
  })
  await t.rejects(warmUp(app, { paths: ['/'], repeatFor: 60_000 }, t.fail), { code: 'GRACEFUL_ERR_WARMUP' })
  await app.close()
})
