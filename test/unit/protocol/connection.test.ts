import t from 'tap'
import { type Giver, type GiverInput, give, type Move, offer, wouldRelease } from '../../../lib/protocol/connection.js'
import { endKept, type KeptInput } from '../../../lib/protocol/connection-kept.js'
import { receive, type TakerInput, take } from '../../../lib/protocol/connection-taker.js'

type Line = readonly [input: string, at: string, ...effects: string[]]

const giverInput = (text: string): GiverInput =>
  text === 'taken' || text === 'taken, busy'
    ? { type: 'taken', atRest: text === 'taken' }
    : ({ type: text } as GiverInput)

/** An effect in words: its verb and what it is about. */
const words = (effect: object) => Object.values(effect).join(' ')

/** What the giver of a connection does, input by input, once it has offered it. */
const GIVER: ReadonlyArray<readonly [story: string, move: Move, ...lines: Line[]]> = [
  [
    'an idle connection moves',
    'http',

    ['taken', 'over', 'cancel', 'let go', 'conclude moved', 'forget']
  ],
  ['a child without room', 'http', ['refused', 'over', 'cancel', 'read on', 'conclude refused', 'forget']],
  ['an offer that cannot be sent', 'http', ['not sent', 'over', 'cancel', 'read on', 'conclude refused', 'forget']],
  ['a child that dies unheard', 'http', ['taker ended', 'over', 'cancel', 'read on', 'conclude refused', 'forget']],
  [
    'a child that hangs is asked, and then left with the connection',
    'http',
    ['due', 'asked', 'say sent', 'wait limit'],
    ['due', 'over', 'cancel', 'let go', 'conclude abandoned', 'forget']
  ],
  [
    'a child that hangs and answers in time',
    'http',
    ['due', 'asked', 'say sent', 'wait limit'],
    ['taken', 'over', 'cancel', 'let go', 'conclude moved', 'forget'],
    ['refused', 'over']
  ],
  [
    'a stop does not undo what the child may have',
    'http',
    ['stop', 'offered'],
    ['taken', 'over', 'cancel', 'let go', 'conclude moved', 'forget']
  ],
  [
    'a child that cannot be reached may have it',
    'http',
    ['sent', 'offered'],
    ['taker out of reach', 'over', 'cancel', 'let go', 'conclude abandoned', 'forget']
  ],
  ['the client closes', 'http', ['closed', 'over', 'cancel', 'conclude closed', 'forget'], ['taken', 'over']],
  ['a WebSocket moves', 'websocket', ['taken', 'over', 'cancel', 'let go', 'say released', 'conclude moved', 'forget']],
  [
    'a WebSocket that is busy again',
    'websocket',
    ['taken, busy', 'over', 'cancel', 'say kept', 'read on', 'conclude stays', 'forget']
  ],
  [
    'a WebSocket when nothing is to move',
    'websocket',
    ['stop', 'offered'],
    ['taken', 'over', 'cancel', 'say kept', 'read on', 'conclude stays', 'forget']
  ],
  [
    'a WebSocket that was closed',
    'websocket',
    ['closed', 'late', 'cancel', 'conclude closed'],
    ['taken', 'over', 'say kept', 'forget']
  ],
  [
    'a WebSocket and a child that hangs',
    'websocket',
    ['due', 'asked', 'say sent', 'wait limit'],
    ['due', 'late', 'cancel', 'read on', 'conclude abandoned'],
    ['taken', 'over', 'say kept', 'forget']
  ],
  [
    'a WebSocket and a child that cannot be reached',
    'websocket',
    ['taker out of reach', 'over', 'cancel', 'read on', 'conclude refused', 'forget']
  ],
  [
    'a surplus connection moves',
    'surplus',
    ['taken', 'releasing', 'cancel', 'say released'],
    ['stop', 'releasing'],
    ['sent', 'over', 'cancel', 'let go', 'conclude moved', 'forget']
  ],
  [
    'a taker that dies before the release',
    'surplus',
    ['taken', 'releasing', 'cancel', 'say released'],
    ['not sent', 'over', 'cancel', 'read on', 'conclude stays', 'forget']
  ],
  [
    'a taker that wakes up too late',
    'surplus',
    ['due', 'asked', 'say sent', 'wait limit'],
    ['due', 'late', 'cancel', 'read on', 'conclude stays'],
    ['taken', 'over', 'say kept', 'forget']
  ],
  [
    'a handle that was lost',
    'surplus',
    ['due', 'asked', 'say sent', 'wait limit'],
    ['refused', 'over', 'cancel', 'read on', 'conclude refused', 'forget']
  ],
  [
    'a taker that never wakes up',
    'surplus',
    ['due', 'asked', 'say sent', 'wait limit'],
    ['due', 'late', 'cancel', 'read on', 'conclude stays'],
    ['taker ended', 'over', 'forget']
  ]
]

for (const [story, move, ...lines] of GIVER) {
  t.test(`the giver: ${story}`, async (t) => {
    let [giver, effects] = offer(move) as readonly [Giver, readonly object[]]
    t.strictSame(effects.map(words), ['offer', 'wait answer'])
    for (const [input, at, ...expected] of lines) {
      ;[giver, effects] = give(giver, giverInput(input))
      t.strictSame([giver.at, ...effects.map(words)], [at, ...expected], input)
    }
  })
}

/** What the taker does when it has an offer. */
const TAKER: ReadonlyArray<readonly [story: string, move: Move, ...lines: Line[]]> = [
  ['reads when its word is with the kernel', 'http', ['sent', 'over', 'cancel', 'accept']],
  [
    'inherits from a parent that has ended',
    'http',
    ['not sent', 'unsure', 'wait'],
    ['giver ended', 'over', 'cancel', 'accept']
  ],
  [
    'leaves it to a parent that lives and cannot be reached',
    'http',
    ['not sent', 'unsure', 'wait'],
    ['due', 'over', 'cancel', 'close']
  ],
  [
    'has sent its word and was then cut off',
    'http',
    ['cut off', 'unsure', 'wait'],
    ['sent', 'over', 'cancel', 'accept']
  ],
  ['waits until a WebSocket is released', 'websocket', ['sent', 'waiting'], ['released', 'over', 'cancel', 'accept']],
  [
    'closes its copy of a WebSocket that the parent keeps',
    'websocket',
    ['kept', 'over', 'cancel', 'close'],
    ['giver ended', 'over']
  ],
  ['inherits a WebSocket that was not kept', 'websocket', ['giver ended', 'over', 'cancel', 'accept']],
  [
    'never inherits what may be with somebody else',
    'surplus',
    ['sent', 'waiting'],
    ['due', 'waiting'],
    ['giver ended', 'over', 'cancel', 'close']
  ]
]

for (const [story, move, ...lines] of TAKER) {
  t.test(`the taker: ${story}`, async (t) => {
    let [taker, effects] = take(move, true)
    t.strictSame([taker.at, ...effects.map(words)], [move === 'http' ? 'saying' : 'waiting', 'say taken'])
    for (const [input, at, ...expected] of lines) {
      ;[taker, effects] = receive(taker, { type: input } as TakerInput)
      t.strictSame([taker.at, ...effects.map(words)], [at, ...expected], input)
    }
  })
}

t.test('the taker: refuses what it has no room for', async (t) => {
  const [taker, effects] = take('http', false)
  t.strictSame([taker.at, ...effects.map(words)], ['over', 'close', 'say refused'])
})

/** What happens to a copy that is kept. */
const KEPT: ReadonlyArray<readonly [story: string, input: KeptInput, end: ReturnType<typeof endKept>]> = [
  [
    'of a connection with a request in progress when the child ended',
    { type: 'taker ended', inProgress: true },
    'let go'
  ],
  ['of a connection that was idle when the child ended', { type: 'taker ended', inProgress: false }, 'serve'],
  ['of a connection that a child may have', { type: 'taker out of reach' }, 'let go'],
  ['of a connection that the child has closed', { type: 'closed' }, 'let go'],
  ['of a connection that has come back', { type: 'given back' }, 'let go'],
  ['of a connection that the child keeps for good', { type: 'settled' }, 'let go']
]

for (const [story, input, end] of KEPT) t.test(`a copy ${story}`, async (t) => t.equal(endKept(input), end))

t.test('a route is only asked what goes along when the connection is then let go', async (t) => {
  const ways: GiverInput[][] = [
    [],
    [{ type: 'stop' }],
    [{ type: 'due' }],
    [{ type: 'due' }, { type: 'stop' }],
    [{ type: 'closed' }],
    [{ type: 'refused' }],
    [{ type: 'due' }, { type: 'due' }]
  ]
  for (const way of ways) {
    const giver = way.reduce((giver, input) => give(giver, input)[0], offer('websocket')[0])
    const [, effects] = give(giver, { type: 'taken', atRest: true })
    const isLetGo = effects.some(({ do: what }) => what === 'let go')
    t.equal(wouldRelease(giver), isLetGo, way.map(({ type }) => type).join(', ') || 'at once')
  }
})
