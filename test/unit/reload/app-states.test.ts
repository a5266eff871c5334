import t from 'tap'
import { type Heir, shareOut } from '../../../lib/reload/app-states.js'

const loads = (...listeners: number[]): Heir => ({ listeners, loads: true })
const plain = (...listeners: number[]): Heir => ({ listeners, loads: false })

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

t.test('the only state goes to the only app that loads one', async (t) => {
  const saved = { states: [undefined, 'b'], stateListeners: [[0], [1]] }
  t.strictSame(shareOut(saved, [plain(1), loads()]), { pairs: [[1, 1]], left: 0 })
})

t.test('one app in place of two gets one of their states, and the other one is left', async (t) => {
  const saved = { states: ['a', 'b'], stateListeners: [[0], [1]] }
  t.strictSame(shareOut(saved, [loads(0, 1)]), { pairs: [[0, 0]], left: 1 })
})

t.test('apps without a listener that is handed over: in their order', async (t) => {
  const saved = { states: ['a', 'b', 'c'], stateListeners: [[], [0], []] }
  t.strictSame(shareOut(saved, [loads(0), loads(), loads()]), {
    pairs: [
      [1, 0],
      [0, 1],
      [2, 2]
    ],
    left: 0
  })
})

t.test('a state whose app is gone goes to no other app', async (t) => {
  const saved = { states: ['a', 'b'], stateListeners: [[0], [1]] }
  t.strictSame(shareOut(saved, [loads(5), loads(1)]), { pairs: [[1, 1]], left: 1 })
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
