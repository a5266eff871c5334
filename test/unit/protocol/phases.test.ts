import t from 'tap'
import { canFollow, isInRotation, isLeaving, PHASES, type Phase } from '../../../lib/protocol/phases.js'

const all = Object.keys(PHASES) as Phase[]

const table: Record<Phase, Phase[]> = {
  starting: ['serving', 'draining', 'closed'],
  serving: ['reloading', 'lame duck', 'draining', 'closed'],
  reloading: ['serving', 'handed over', 'lame duck', 'draining', 'closed'],
  'handed over': ['serving', 'draining', 'closed'],
  'lame duck': ['draining', 'closed'],
  draining: ['closed'],
  closed: ['starting']
}

t.test('the table allows these steps and no others', async (t) => {
  t.strictSame(all.sort(), Object.keys(table).sort())
  for (const from of all)
    for (const to of all) t.equal(canFollow(from, to), table[from].includes(to), `${from} -> ${to}`)
})

t.test('every phase can be reached, and every phase leads to the end', async (t) => {
  for (const phase of all) {
    t.ok(reachable('starting').has(phase), `${phase} can be reached`)
    t.ok(phase === 'closed' || reachable(phase).has('closed'), `${phase} can end`)
  }
})

t.test('who leaves does not come back to serve, and is not in rotation', async (t) => {
  for (const phase of all.filter(isLeaving)) {
    t.notOk(isInRotation(phase), `${phase} wants no requests`)
    t.notOk(['serving', 'reloading', 'handed over'].some((next) => canFollow(phase, next as Phase)))
  }
  t.strictSame(all.filter(isInRotation).sort(), ['handed over', 'reloading', 'serving'])
  t.strictSame(all.filter(isLeaving).sort(), ['closed', 'draining', 'lame duck'])
})

function reachable(from: Phase, found = new Set<Phase>()): Set<Phase> {
  for (const next of PHASES[from]) {
    if (found.has(next)) continue
    found.add(next)
    reachable(next, found)
  }
  return found
}
