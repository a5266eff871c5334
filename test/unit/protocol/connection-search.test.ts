import t from 'tap'
import { type Search, search } from '../../support/connection-search.js'
import { MACHINES, type Machines } from '../../support/connection-world.js'

type Bounds = Omit<Search, 'machines'>

const SEARCHES: Bounds[] = [
  { move: 'http', faults: 3 },
  { move: 'websocket', faults: 3 },
  { move: 'http', isRelayed: true, faults: 2 },
  { move: 'websocket', isRelayed: true, faults: 2 },
  { move: 'surplus', offers: 2, faults: 3 },
  { move: 'surplus', peers: 2, offers: 2, faults: 2 }
]

for (const bounds of SEARCHES) {
  const { move, peers = 1, offers = 1, isRelayed = false, faults } = bounds
  t.test(
    `every order of events: ${move}${isRelayed ? ' through a launcher' : ''}, ${peers} takers, ${offers} offers, ${faults} faults`,
    async (t) => {
      const { states, violation } = search({ ...bounds, machines: MACHINES })
      t.comment(`${states} states`)
      t.equal(violation, undefined)
    }
  )
}

const { give: rightGive, receive: rightReceive, take: rightTake, offer: rightOffer } = MACHINES
const one: Bounds = { move: 'surplus', faults: 2 }
const two: Bounds = { move: 'surplus', peers: 2, offers: 2, faults: 2 }

/** Machines with one mistake each, and what it leads to. */
const BROKEN: ReadonlyArray<readonly [mistake: string, bounds: Bounds, rule: RegExp, machines: Partial<Machines>]> = [
  [
    'the taker reads before it has said that it takes the connection',
    { move: 'http', faults: 1 },
    /not its own yet/,
    { take: (...offered) => [rightTake(...offered)[0], [{ do: 'accept' }, ...rightTake(...offered)[1]]] }
  ],
  [
    'the taker reads although its word cannot be sent',
    { move: 'http', faults: 1 },
    /two owners|not its own/,
    { receive: (taker, input) => rightReceive(taker, input.type === 'not sent' ? { type: 'sent' } : input) }
  ],
  [
    'the giver gives again what it has not kept',
    two,
    /two owners/,
    {
      give: (giver, input) => {
        const [next, effects] = rightGive(giver, input)
        return [
          next,
          effects.map((one) => (one.do === 'say' && one.word === 'kept' ? { ...one, word: 'released' } : one))
        ]
      }
    }
  ],
  [
    'the giver serves again what a taker out of reach may have',
    { move: 'http', isRelayed: true, faults: 1 },
    /two owners|not its own/,
    {
      give: (giver, input) => rightGive(giver, input.type === 'taker out of reach' ? { type: 'taker ended' } : input)
    }
  ],
  [
    'the taker inherits from a giver that is only out of reach',
    { move: 'websocket', isRelayed: true, faults: 1 },
    /two owners|not its own/,
    {
      receive: (taker, input) => rightReceive(taker, input.type === 'cut off' ? { type: 'giver ended' } : input)
    }
  ],
  [
    'the giver takes back what it cannot take back',
    { move: 'http', faults: 1 },
    /two owners|not its own/,
    { give: (giver, input) => (input.type === 'due' ? rightGive(giver, { type: 'refused' }) : rightGive(giver, input)) }
  ],
  [
    'the giver forgets the first deadline',
    { move: 'http', faults: 1 },
    /giver waits for ever: offered/,
    { offer: (move) => [rightOffer(move)[0], [{ do: 'offer' }]] }
  ],
  [
    'the giver forgets the second deadline',
    one,
    /giver waits for ever: asked/,
    {
      give: (giver, input) => [
        rightGive(giver, input)[0],
        rightGive(giver, input)[1].filter((one) => one.do !== 'wait')
      ]
    }
  ],
  [
    'the giver forgets the taker that is late',
    one,
    /taker waits for ever: waiting/,
    { give: (giver, input) => (giver.at === 'late' ? [{ ...giver, at: 'over' }, []] : rightGive(giver, input)) }
  ],
  [
    'the giver lets go before the release is with the kernel',
    one,
    /nobody has it/,
    {
      give: (giver, input) => {
        const [next, effects] = rightGive(giver, input)
        return next.at === 'releasing' ? [{ ...next, at: 'over' }, effects] : [next, effects]
      }
    }
  ],
  [
    'the taker inherits what may be with somebody else',
    two,
    /two owners/,
    {
      receive: (taker, input) =>
        input.type === 'giver ended' ? [{ ...taker, at: 'over' }, [{ do: 'accept' }]] : rightReceive(taker, input)
    }
  ]
]

for (const [mistake, bounds, rule, machines] of BROKEN) {
  t.test(`the search finds that ${mistake}`, async (t) => {
    const { states, violation } = search({ ...bounds, machines: { ...MACHINES, ...machines } })
    t.match(violation?.rule, rule, `${states} states`)
    t.comment(violation?.steps.join(', '))
  })
}
