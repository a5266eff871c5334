import t from 'tap'
import { mostHeld, nextLook, nextTurn, type Progress } from '../../../lib/connections/pace.js'

const DURATION = 3000

function at(elapsed: number, migrated: number, other: Partial<Progress> = {}): Progress {
  return { elapsed, duration: DURATION, total: 1000, migrated, onItsWay: 0, roundTrip: 1, ...other }
}

/** How many have moved at each millisecond when each moves as soon as it may. */
function moveAll(total: number, duration = DURATION): number[] {
  const moved: number[] = []
  let migrated = 0
  for (let elapsed = 0; elapsed <= duration; elapsed += 1) {
    while (migrated < total && mostHeld(at(elapsed, migrated, { total, duration })) > 0) migrated += 1
    moved.push(migrated)
  }
  return moved
}

t.test('connections move evenly, few at first, and all before the time is over', async (t) => {
  const moved = moveAll(1000)
  const rates = Array.from({ length: 27 }, (_, part) => Number(moved[(part + 1) * 100]) - Number(moved[part * 100]))
  t.equal(moved[0], 1)
  t.equal(moved.at(-300), 1000)
  t.ok(Math.max(...rates) < 1.2 * (1000 / 27), `at most ${Math.max(...rates)} in a tenth of a second`)
  t.ok(Number(rates[0]) < 10, `${rates[0]} in the first tenth of a second`)
  // From the end of the beginning on, it is the same in each.
  t.ok(Math.max(...rates.slice(8)) - Math.min(...rates.slice(8)) <= 3)
})

t.test('the next turn is when one more may move, and not later', async (t) => {
  for (const migrated of [0, 1, 10, 142, 143, 500, 998, 999]) {
    const turn = nextTurn(at(0, migrated))
    t.ok(mostHeld(at(turn + 0.001, migrated)) > 0, `${migrated}: at ${turn}`)
    if (migrated > 1) t.notOk(mostHeld(at(turn - 3, migrated)) > 0, `${migrated}: before ${turn}`)
  }
  t.ok(nextTurn(at(0, 1000)) < DURATION)
})

t.test('without a time for it all move at once, a few at a time', async (t) => {
  t.ok(mostHeld(at(0, 500, { duration: 0 })) >= 1)
  t.strictSame(moveAll(5, 0), [5])
})

t.test('connections that come after the time is over move at once', async (t) => {
  t.ok(mostHeld(at(DURATION, 5000)) > 0)
})

t.test('as many wait as the other process takes in a millisecond', async (t) => {
  const late = { elapsed: DURATION }
  t.equal(mostHeld(at(0, 0, { ...late, roundTrip: 0.25 })), 4)
  t.equal(mostHeld(at(0, 0, { ...late, roundTrip: 0.01 })), 8)
  t.equal(mostHeld(at(0, 0, { ...late, roundTrip: 50 })), 1)
})

t.test('there may be no connection at all', async (t) => {
  t.ok(mostHeld(at(0, 0, { total: 0 })) > 0)
  t.equal(Number.isFinite(nextTurn(at(0, 0, { total: 0 }))), true)
})

t.test('many gather before the next look, and few are looked for when their turn has come', async (t) => {
  t.equal(nextLook(at(1500, 4100, { total: 10_000 })), 50, 'behind: those that fall idle')
  const ahead = at(1500, 495)
  t.ok(nextTurn(ahead) - 1500 > 0 && nextTurn(ahead) - 1500 < 10)
  t.equal(nextLook(ahead), 10)
  t.equal(nextLook(at(0, 1)), Math.min(50, nextTurn(at(0, 1))))
})
