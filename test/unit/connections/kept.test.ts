import { setImmediate as turn } from 'node:timers/promises'
import t from 'tap'
import { Kept, type KeptConnection } from '../../../lib/connections/kept.js'
import { RequestRegister } from '../../../lib/connections/request-register.js'

/** Keeps connections 1, 2, … and tells which handles were closed, and which connections were served again. */
function keep(count: number) {
  const register = RequestRegister.create()
  const kept = new Kept(register)
  const closed: number[] = []
  const served: KeptConnection[] = []
  for (let id = 1; id <= count; id += 1) {
    const handle = { close: () => closed.push(id) } as unknown as KeptConnection['handle']
    kept.add(id, { index: id, used: false, timeLeft: 10, handle })
  }
  const serve = (connection: KeptConnection) => served.push(connection) > 0
  /** Waits until it is decided about so many: on a slow machine few are at a time. */
  const decided = async (many: number) => {
    while (served.length + closed.length < many) await turn()
  }
  return { register, kept, closed, serve, decided, indexes: () => served.map(({ index }) => index), served }
}

t.test('after the end of a child, connections without a request in progress are served again', async (t) => {
  const { register, kept, closed, serve, served, decided } = keep(4)
  register.note(2, 'in progress')
  register.note(3, 'answered')
  kept.closed([4])
  kept.childGone(false, serve)
  await decided(4)
  t.match(served, [
    { index: 1, used: false, timeLeft: 10 },
    { index: 3, used: true, timeLeft: undefined }
  ])
  t.equal(served.length, 2)
  t.strictSame(closed, [4, 2])
  kept.childGone(false, serve)
  t.equal(served.length, 2, 'once')
})

t.test('thousands are served again a part at a time, unless this process leaves in the meantime', async (t) => {
  const { kept, closed, serve, served, decided } = keep(3000)
  kept.childGone(false, (connection) => {
    const until = performance.now() + 0.1
    while (performance.now() < until) {} // As long as it takes to make a socket of it.
    return serve(connection)
  })
  const first = served.length
  t.ok(first > 0 && first < 1500, `${first} at once`)
  while (served.length < 1500) await turn()
  kept.release()
  await decided(3000)
  t.ok(closed.length > 0, `${closed.length} are closed`)
  t.equal(new Set([...served.map(({ index }) => index), ...closed]).size, 3000)
})

t.test('what cannot be served is closed', async (t) => {
  const { kept, closed, decided } = keep(3)
  kept.childGone(false, () => false)
  await decided(3)
  t.strictSame(closed, [1, 2, 3])
})

t.test('of a child that may live nothing is served again', async (t) => {
  const { kept, closed, serve, decided, indexes } = keep(3)
  kept.childGone(true, serve)
  await decided(3)
  t.strictSame(closed, [1, 2, 3])
  t.strictSame(indexes(), [])
})

t.test('a connection that has come back is not served twice', async (t) => {
  const { kept, closed, serve, decided, indexes } = keep(3)
  kept.givenBack(2)
  kept.givenBack(2)
  kept.childGone(false, serve)
  await decided(3)
  t.strictSame(closed, [2])
  t.strictSame(indexes(), [1, 3])
})

t.test("what is the child's for good is closed here, a part at a time", async (t) => {
  const { register, kept, closed, serve, decided, indexes } = keep(3000)
  kept.release()
  const late = { close: () => closed.push(3001) } as unknown as KeptConnection['handle']
  kept.add(3001, { index: 1, used: true, timeLeft: 0, handle: late })
  kept.childGone(false, serve)
  await decided(3001)
  t.strictSame(indexes(), [])
  t.throws(() => register.note(1, 'in progress'), { code: 'ERR_OUT_OF_RANGE' }, 'the register is closed')
})
