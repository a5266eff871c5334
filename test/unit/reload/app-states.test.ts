import t from 'tap'
import { type Heir, shareOut } from '../../../lib/reload/app-states.js'

const loads = (...listeners: number[]): Heir => ({ listeners, listens: true, loads: true })
const plain = (...listeners: number[]): Heir => ({ listeners, listens: true, loads: false })
const DEAF: Heir = { listeners: [], listens: false, loads: true }

t.test('a state goes to the app that has adopted a listener of the app that saved it', async (t) => {
  const saved = { states: ['a', 'b'], stateListeners: [[0, 1], [2]] }
  t.strictSame(shareOut(saved, [loads(0), loads(2)]), {
    pairs: [
      [0, 0],
      [1, 1]
    ],
    left: 0
  })
  t.strictSame(
    shareOut(saved, [loads(), loads(2), loads(1)]),
    {
      pairs: [
        [2, 0],
        [1, 1]
      ],
      left: 0
    },
    'whatever the order, and with a new app in front'
  )
})

t.test('an app that saved nothing, or loads nothing, takes no part', async (t) => {
  const saved = { states: [undefined, 'b'], stateListeners: [[0], [1]] }
  t.strictSame(shareOut(saved, [loads(0), loads(1)]), { pairs: [[1, 1]], left: 0 })
  t.strictSame(shareOut({ states: ['a'], stateListeners: [[0]] }, [plain(0)]), { pairs: [], left: 0 })
  t.strictSame(shareOut({ states: [], stateListeners: [] }, [loads(0)]), { pairs: [], left: 0 })
  t.strictSame(shareOut({ states: ['a', 'b'], stateListeners: [[0], [1]] }, [plain(0), loads(1)]), {
    pairs: [[1, 1]],
    left: 1
  })
})

t.test('an app that is left, and that has moved, gets the state that is left', async (t) => {
  const one = { states: [undefined, 'b'], stateListeners: [[0], [1]] }
  t.strictSame(shareOut(one, [plain(0), loads()]), { pairs: [[1, 1]], left: 0 })
  const both = { states: ['a', 'b'], stateListeners: [[0], [1]] }
  t.strictSame(shareOut(both, [loads(), loads(1)]), {
    pairs: [
      [1, 1],
      [0, 0]
    ],
    left: 0
  })
  t.strictSame(shareOut(both, [loads(), loads(), loads(1)]), { pairs: [[2, 1]], left: 1 }, 'not one of two')
})

t.test('but not in the place of another app, or with another app in its place', async (t) => {
  const saved = { states: ['a', undefined], stateListeners: [[0], [1]] }
  t.strictSame(shareOut(saved, [loads(1)]), { pairs: [], left: 1 })
  t.strictSame(shareOut(saved, [plain(0), loads()]), { pairs: [], left: 1 })
})

t.test('one app in place of two gets one of their states, and the other one is left', async (t) => {
  const saved = { states: ['a', 'b'], stateListeners: [[0], [1]] }
  t.strictSame(shareOut(saved, [loads(0, 1)]), { pairs: [[0, 0]], left: 1 })
})

t.test('apps that do not listen: in their order, and never one that does', async (t) => {
  const saved = { states: ['a', 'b', 'c'], stateListeners: [[], [0], []] }
  t.strictSame(shareOut(saved, [loads(0), DEAF, DEAF]), {
    pairs: [
      [1, 0],
      [0, 1],
      [2, 2]
    ],
    left: 0
  })
  t.strictSame(shareOut({ states: ['a', 'w'], stateListeners: [[0], []] }, [loads(), DEAF]), {
    pairs: [
      [1, 1],
      [0, 0]
    ],
    left: 0
  })
})

t.test('the states of a parent that does not say whose they are go by the order of the apps', async (t) => {
  t.strictSame(shareOut({ states: ['a', undefined, 'c'] }, [loads(), plain(), loads()]), {
    pairs: [
      [0, 0],
      [2, 2]
    ],
    left: 0
  })
})
