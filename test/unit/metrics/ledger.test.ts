import t from 'tap'
import { Counter } from '../../../lib/metrics/counter.js'
import { type Counts, noCounts } from '../../../lib/metrics/counts.js'
import { Ledger, type Tally } from '../../../lib/metrics/ledger.js'

const NONE = { connections: 0, upgraded: 0, requests: 0, holds: 0 }

/** A process that counts, and tells others what they hear. */
class Process {
  readonly counter = new Counter()
  readonly ledger = new Ledger(this.counter, () => ({ ...NONE, connections: this.counter.open }))

  opens(count = 1): void {
    for (let each = 0; each < count; each++) this.counter.opens()
  }

  closes(count = 1): void {
    for (let each = 0; each < count; each++) this.counter.closes(false)
  }

  get opened(): number {
    return this.ledger.total.opened
  }
}

/** A child takes over from its parent, and they tell each other. */
function handOver(parent: Process, id: number): Process {
  const child = new Process()
  child.ledger.inherit(parent.ledger.total)
  parent.ledger.meet(id, false)
  child.ledger.meet('parent', true)
  parent.ledger.report(id, (tally) => child.ledger.heard('parent', tally))
  child.ledger.report('parent', (tally) => parent.ledger.heard(id, tally))
  return child
}

t.test('nothing is counted twice, however often processes report to each other', async (t) => {
  const parent = new Process()
  parent.opens(5)
  const child = handOver(parent, 1)
  child.opens(3)
  for (const one of [parent, child, parent, child]) await one.ledger.tell()
  t.strictSame([parent.opened, child.opened], [8, 8])
  parent.closes(2)
  child.closes(1)
  for (const one of [child, parent, child]) await one.ledger.tell()
  t.strictSame([parent.ledger.total.closed, child.ledger.total.closed], [3, 3])
  t.match(child.ledger.beside, { draining: 1, load: { connections: 3 } })
  for (const one of [parent, child]) one.ledger.close()
})

t.test('a child that was taken back has been counted, and ends', async (t) => {
  const parent = new Process()
  const child = handOver(parent, 1)
  child.opens(2)
  await child.ledger.tell()
  parent.ledger.drains(1, true)
  t.match(parent.ledger.beside, { draining: 1, load: { connections: 2 } })
  child.ledger.close()
  t.match(parent.ledger.total, { opened: 2, closed: 2 }, 'with it ends what it had')
  parent.ledger.ended(1)
  t.match(parent.ledger.total, { opened: 2, closed: 2 })
  t.match(parent.ledger.beside, { draining: 0, load: NONE })
  const next = handOver(parent, 2)
  t.equal(next.opened, 2)
  parent.ledger.close()
  next.ledger.close()
})

t.test('a child whose parent is gone before it takes over goes on from what that has counted', async (t) => {
  const parent = new Process()
  parent.opens(3)
  const child = new Process()
  // Once for each app that boots, and then to take over.
  const brief = (isDraining: boolean) => {
    child.ledger.inherit(parent.ledger.total)
    parent.ledger.meet(1, false)
    child.ledger.meet('parent', isDraining)
    parent.ledger.report(1, (tally) => child.ledger.heard('parent', tally))
  }
  brief(false)
  parent.opens(2)
  await parent.ledger.tell()
  t.equal(child.opened, 5)
  t.match(child.ledger.beside, { draining: 0 }, 'it serves')
  brief(false)
  t.equal(child.opened, 5)
  parent.opens()
  await parent.ledger.tell()
  brief(true)
  t.match(child.ledger.beside, { draining: 1 })
  t.equal(child.opened, 6, 'nothing counts twice')
  parent.opens()
  await parent.ledger.tell()
  child.ledger.ended('parent')
  t.equal(child.opened, 7)
  for (const one of [parent, child]) one.ledger.close()
})

t.test('a generation that leaves passes on what those before it tell', async (t) => {
  const first = new Process()
  const second = handOver(first, 1)
  second.ledger.quiet('parent')
  const third = handOver(second, 1)
  third.ledger.quiet('parent')
  first.opens(4)
  await first.ledger.tell()
  await second.ledger.tell()
  t.equal(third.opened, 4)
  t.match(third.ledger.beside, { draining: 2, load: { connections: 4 } })
  first.ledger.close()
  second.ledger.ended('parent')
  second.ledger.close()
  t.match(third.ledger.total, { opened: 4, closed: 4 })
  t.equal(third.ledger.beside.draining, 1)
})

t.test('an old word, or a stranger, makes nothing less', async (t) => {
  const { ledger } = new Process()
  const told = (opened: number): Tally => {
    const counts: Counts = { ...noCounts(), opened }
    return { counts, load: NONE, draining: 0 }
  }
  ledger.heard('parent', told(3))
  t.equal(ledger.total.opened, 0)
  ledger.meet('parent', true)
  for (const opened of [3, 2]) ledger.heard('parent', told(opened))
  t.equal(ledger.total.opened, 3)
  ledger.ended('parent')
  ledger.ended('parent')
  t.equal(ledger.total.opened, 3)
})
