import { test } from 'tap'
import { isInRotation, isLeaving, type Phase, phaseOf } from '../../../lib/protocol/phases.js'
import { begin, type Place } from '../../../lib/protocol/server.js'

const reload = { reason: 'test', asks: [], supervised: false }
const leaving = {
  name: 'leaving',
  reason: 'test',
  cause: 'asked',
  failed: false,
  awaitsChild: false,
  awaitsParent: false,
  hasSettled: false,
  child: undefined
} as const

const places: Array<[Place, Phase]> = [
  [begin('first', false).at, 'starting'],
  [begin('successor', false).at, 'starting'],
  [{ name: 'trial', stage: 'running', reason: '', leaves: false }, 'serving'],
  [{ name: 'serving' }, 'serving'],
  [{ name: 'recovered', child: 1 }, 'serving'],
  [
    {
      name: 'reloading',
      stage: 'booting',
      reload,
      child: 1,
      saves: false,
      failure: undefined,
      stop: undefined,
      undone: undefined
    },
    'reloading'
  ],
  [{ name: 'checking', stage: 'booting', check: reload, child: 1, saves: false, failure: undefined }, 'serving'],
  [{ name: 'parent', stage: 'probation', reload, child: 1, how: '' }, 'handed over'],
  [{ ...leaving, stage: 'telling' }, 'handed over'],
  [{ ...leaving, stage: 'lame duck' }, 'lame duck'],
  [{ ...leaving, stage: 'draining' }, 'draining'],
  [{ ...leaving, stage: 'closing' }, 'draining'],
  [{ ...leaving, stage: 'waiting' }, 'draining'],
  [{ name: 'closed' }, 'closed']
]

test('each place of a process is in one phase', async (t) => {
  for (const [at, phase] of places) t.equal(phaseOf(at), phase, at.name)
})

test('a process is in rotation all through a reload, and not on its way out', async (t) => {
  const phases = [...new Set(places.map(([, phase]) => phase))]
  t.strictSame(phases.filter(isInRotation), ['serving', 'reloading', 'handed over'])
  t.strictSame(phases.filter(isLeaving), ['lame duck', 'draining', 'closed'])
})
