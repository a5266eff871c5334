import t from 'tap'
import { type Answers, beginWatch, total, type WatchEffect, watch } from '../../../lib/protocol/health.js'

const TOLERANCE = { errorShare: 0.4, leastAnswers: 20 }

/** Answers of a parent or a child: `first` and `later` requests of connections, each `[answers, errors]`. */
function answers(first: [number, number], later: [number, number] = [0, 0]): Answers {
  const count = ([all, errors]: [number, number]) => ({ answers: all, errors })
  return { first: count(first), later: count(later) }
}

/** What a watch wants in the end, when a child tells these one after the other. */
function told(parent: Answers, ...child: Answers[]): readonly WatchEffect[] {
  let [at, effects] = beginWatch()
  for (const one of child) [at, effects] = watch(at, { type: 'reported', child: one, parent }, TOLERANCE)
  return effects
}

const GOES_ON = [{ do: 'wait', for: 'next look' }] as const

function verdictOf(parent: Answers, ...child: Answers[]): string | undefined {
  const [effect] = told(parent, ...child)
  return effect?.do === 'judge' && effect.verdict.kind === 'errors' ? effect.verdict.how : undefined
}

t.test('a child is asked twice, each time with a limit, before its silence counts', async (t) => {
  let [at, effects] = beginWatch()
  t.strictSame(effects, GOES_ON)
  for (const _ of [1, 2]) {
    ;[at, effects] = watch(at, { type: 'due' }, TOLERANCE)
    t.strictSame(effects, [{ do: 'ask' }, { do: 'wait', for: 'answer' }])
  }
  const [, last] = watch(at, { type: 'due' }, TOLERANCE)
  t.strictSame(last, [{ do: 'judge', verdict: { kind: 'silent' } }])
  const well = answers([0, 0])
  ;[at, effects] = watch(at, { type: 'reported', child: well, parent: well }, TOLERANCE)
  t.strictSame(effects, GOES_ON, 'an answer begins anew')
  for (const _ of [1, 2]) {
    ;[at, effects] = watch(at, { type: 'due' }, TOLERANCE)
    t.strictSame(effects[0], { do: 'ask' })
  }
})

t.test('errors count from the least number of answers on', async (t) => {
  const parent = answers([100, 0])
  t.equal(verdictOf(parent, answers([19, 19])), undefined)
  t.equal(
    verdictOf(parent, answers([20, 20])),
    'answered 20 of 20 requests with a status of 500 or more (its parent: 0 of 100)'
  )
  t.ok(verdictOf(parent, answers([10, 10]), answers([20, 20])), 'all that it has told counts together')
})

t.test('a child that answers as its parent did is never taken back', async (t) => {
  const kinds: Answers[] = [answers([100, 0]), answers([100, 50]), answers([100, 100]), answers([0, 0], [400, 130])]
  for (const parent of kinds) t.equal(verdictOf(parent, parent), undefined)
  t.equal(verdictOf(answers([3, 3]), answers([500, 500])), undefined, 'a parent that has failed three times of three')
  t.equal(verdictOf(answers([10, 5]), answers([30, 25])), undefined, 'what may be chance')
})

t.test('a share that has grown by more than is tolerated, and by more than chance', async (t) => {
  t.ok(verdictOf(answers([200, 0]), answers([100, 45])))
  t.equal(verdictOf(answers([200, 0]), answers([100, 40])), undefined, 'not more than is tolerated')
  t.ok(verdictOf(answers([200, 100]), answers([200, 190])), 'also where the parent failed')
  t.ok(verdictOf(answers([6, 2]), answers([20, 20])), 'and has answered little')
})

t.test('of a parent that has not been asked, only a child with nothing but errors is worse', async (t) => {
  t.ok(verdictOf(answers([0, 0]), answers([20, 20])))
  t.equal(verdictOf(answers([0, 0]), answers([20, 19])), undefined)
  t.equal(verdictOf(answers([0, 0]), answers([1000, 900])), undefined)
})

t.test('nor one that asks seldom: who asks so may have met the parent as it was', async (t) => {
  const seldom = [1, 2, 3, 4, 5, 6, 7, 8].map((look) => answers([look * 3, look * 3]))
  t.equal(verdictOf(answers([0, 0]), ...seldom), undefined)
  t.ok(verdictOf(answers([40, 0]), ...seldom))
})

t.test('all answers of the parent count where it has no answers of the same kind', async (t) => {
  t.equal(verdictOf(answers([0, 0], [500, 500]), answers([20, 20])), undefined)
  t.ok(verdictOf(answers([0, 0], [500, 0]), answers([20, 20])))
})

t.test('one answer of the parent is enough to know it', async (t) => {
  t.equal(verdictOf(answers([1, 1], [500, 0]), answers([20, 20])), undefined, 'and it is one of the same kind')
  const seldom = [1, 2, 3, 4, 5, 6, 7, 8].map((look) => answers([look * 3, look * 3]))
  t.ok(verdictOf(answers([1, 0]), ...seldom), 'so all that the child has told counts')
})

t.test('a probation of hours is no burden', async (t) => {
  let [at] = beginWatch()
  const told = { child: answers([9, 0]), parent: answers([9, 0]) }
  for (let look = 0; look < 1000; look++) [at] = watch(at, { type: 'reported', ...told }, TOLERANCE)
  t.equal(at.told.length, 300)
})

t.test('first and later requests are compared each with their like', async (t) => {
  const parent = answers([20, 20], [980, 0])
  t.equal(verdictOf(parent, answers([50, 50], [10, 0])), undefined, 'a probe that always fails, before others move')
  t.ok(verdictOf(parent, answers([50, 50], [100, 100])), 'and others that begin to fail')
  t.ok(verdictOf(answers([100, 0], [0, 0]), answers([100, 100], [0, 0])))
})

t.test('it is the last second that counts, and what was before it if that is not enough', async (t) => {
  const parent = answers([1000, 0])
  const well = [1, 2, 3, 4, 5, 6].map((look) => answers([look * 1000, 0]))
  t.equal(verdictOf(parent, ...well), undefined)
  t.equal(verdictOf(parent, ...well, answers([6030, 30])), undefined, 'a moment is not enough')
  const failing = [1, 2, 3, 4, 5].map((look) => answers([6000 + look * 10, look * 10]))
  t.ok(verdictOf(parent, ...well, ...failing))
  const slow = [1, 2, 3, 4, 5, 6, 7, 8, 9].map((look) => answers([6000 + look * 2, look * 2]))
  t.equal(verdictOf(parent, ...well, ...slow), undefined, '18 answers are not enough, and those before were well')
})

/** What a child tells that answers so many requests between two looks, all with errors after the first so many looks. */
function failingAfter(good: number, each: number, looks: number): Answers[] {
  return Array.from({ length: looks }, (_, look) => answers([(look + 1) * each, Math.max(0, look + 1 - good) * each]))
}

t.test('a second is five looks', async (t) => {
  const known = answers([1000, 0])
  const says = (count: string, parent: string) =>
    `answered ${count} requests with a status of 500 or more (its parent: ${parent})`
  t.equal(verdictOf(known, ...failingAfter(3, 20, 10)), says('100 of 100', '0 of 1000'))
  t.equal(verdictOf(known, ...failingAfter(6, 20, 10)), says('80 of 100', '0 of 1000'), 'errors of that time alone')
  t.equal(verdictOf(known, ...failingAfter(4, 3, 12)), says('21 of 21', '0 of 1000'), 'longer, if these are too few')
  const unknown = answers([0, 0])
  t.equal(verdictOf(unknown, ...failingAfter(2, 20, 10)), says('100 of 100', '0 of 0'))
  t.equal(verdictOf(unknown, ...failingAfter(7, 20, 10)), undefined, 'two of the five were good')
})

t.test('the total is of both kinds', async (t) => {
  t.strictSame(total(answers([3, 1], [4, 2])), { answers: 7, errors: 3 })
})
