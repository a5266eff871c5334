import t from 'tap'
import type { ProcessStatus } from '../../../lib/control/reports.js'
import type { DrainAnswer, DrainQuestion } from '../../../lib/protocol/messages.js'
import { type Relative, Relatives } from '../../../lib/reload/relatives.js'
import { stallWith } from '../../support/stall.js'

function statusOf(pid: number): ProcessStatus {
  return { generation: pid, pid, phase: 'draining', uptime: 1, listeners: [], connections: 0 }
}

/** A process that knows others, by their pids; an `ask` that is overridden stands for one that does not answer. */
class Fake {
  readonly relatives: Relatives
  readonly around: Relative[] = []
  readonly pid: number

  constructor(pid: number, drains = true) {
    this.pid = pid
    this.relatives = new Relatives(
      () => this.around,
      () => (drains ? statusOf(pid) : undefined)
    )
  }

  knows(other: Fake, settings: Partial<Relative> = {}): void {
    const ask = (question: DrainQuestion) => {
      const send = (answer: DrainAnswer) => this.relatives.heard(answer)
      setImmediate(() => void other.relatives.answer(question, this.pid, send))
    }
    this.around.push({ generation: other.pid, pid: other.pid, isFormer: true, isAlive: () => true, ask, ...settings })
  }
}

/** Each knows the one before it and the one behind it. */
function chain(length: number): Fake[] {
  const all = Array.from({ length }, (_, index) => new Fake(length - index, index > 0))
  for (const [index, fake] of all.entries())
    for (const other of [all[index - 1], all[index + 1]]) if (other !== undefined) fake.knows(other)
  return all
}

const pidsOf = (processes: ProcessStatus[]) => processes.map(({ pid }) => pid)

t.test('each process is asked once, along the chain, from any of them', async (t) => {
  const [newest, , third] = chain(4)
  t.strictSame(pidsOf((await newest?.relatives.draining()) ?? []), [3, 2, 1])
  t.strictSame(pidsOf((await third?.relatives.draining()) ?? []), [3, 1])
  const [many] = chain(30)
  t.equal((await many?.relatives.draining(60_000))?.length, 16)
})

t.test(
  'a process that does not answer is reported if it certainly drains, and hides only those behind it',
  async (t) => {
    const deaf = { ask: () => {} }
    const asker = new Fake(9, false)
    asker.knows(new Fake(3))
    asker.knows(new Fake(4), deaf)
    asker.knows(new Fake(5), { ...deaf, isFormer: false })
    asker.knows(new Fake(6), { ...deaf, isAlive: () => false })
    const found = await asker.relatives.draining(50)
    t.match(found, [
      { pid: 3, phase: 'draining' },
      { pid: 4, generation: 4, phase: 'no answer' }
    ])
    t.equal(found.length, 2)
  }
)

t.test('one that hangs far away leaves time for the others to say so', async (t) => {
  const [newest, second, third] = [new Fake(3, false), new Fake(2), new Fake(1)]
  newest.knows(second)
  second.knows(third, { ask: () => {} })
  t.match(await newest.relatives.draining(400), [
    { pid: 2, phase: 'draining' },
    { pid: 1, phase: 'no answer' }
  ])
})

t.test('an answer that nothing waits for any more', async (t) => {
  new Fake(1).relatives.heard({ type: 'these drain', id: 7, processes: [] })
  t.pass('is dropped')
})

t.test('one that ends meanwhile is not waited for', async (t) => {
  const asker = new Fake(9, false)
  let isAlive = true
  const ask = () => void setImmediate(() => (isAlive = false))
  asker.knows(new Fake(3), { ask, isAlive: () => isAlive })
  t.strictSame(await asker.relatives.draining(2 ** 30), [])
})

t.test('one whose answer came while this process stood still has answered', async (t) => {
  const asker = new Fake(9, false)
  const found = await stallWith((heard) => {
    const ask = ({ id }: DrainQuestion) =>
      heard(() => asker.relatives.heard({ type: 'these drain', id, processes: [statusOf(3)] }))
    asker.knows(new Fake(3), { ask })
    return asker.relatives.draining(10)
  })
  t.match(found, [{ pid: 3, phase: 'draining' }])
})
