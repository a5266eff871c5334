import t from 'tap'
import { visitInSlices } from '../../../lib/util/slices.js'

t.test('all are visited, and other work gets its turn in between', async (t) => {
  const visited: number[] = []
  let turns = 0
  const count = () => {
    turns += 1
    next = setImmediate(count)
  }
  let next = setImmediate(count)
  const numbers = Array.from({ length: 64 }, (_, index) => index)
  await visitInSlices(numbers, 0.5, (number) => {
    const until = performance.now() + 0.1
    while (performance.now() < until) {} // As long as it takes to look at a connection on a slow machine.
    visited.push(number)
  })
  clearImmediate(next)
  t.strictSame(visited, numbers)
  t.ok(turns >= 3, `${turns} turns of the event loop`)
})

t.test('what is added meanwhile is visited too, and what is taken away is not', async (t) => {
  const items = new Set([1, 2, 3])
  const visited: number[] = []
  await visitInSlices(items, 0.5, (item) => {
    visited.push(item)
    if (item === 1) items.add(4).delete(2)
  })
  t.strictSame(visited, [1, 3, 4])
})
