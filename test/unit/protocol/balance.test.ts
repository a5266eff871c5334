import t from 'tap'
import { type Balance, type BalanceInput, beginBalance, stepBalance } from '../../../lib/protocol/balance.js'
import type { GiverOutcome } from '../../../lib/protocol/connection.js'

/** The only listener, unless a story says otherwise. */
const LISTENER = 0

const ALONE = Number.MAX_SAFE_INTEGER

/** The machine, input by input. */
class Model {
  balance: Balance

  constructor(most?: number) {
    this.balance = beginBalance(most)
  }

  /** Returns the effects in words: the verb and what it is about. Reports to servers are among them if `reports`. */
  give(input: BalanceInput, reports = false): string[] {
    const [next, effects] = stepBalance(this.balance, input)
    this.balance = next
    return effects
      .filter((effect) => reports || effect.do !== 'report share')
      .map((one) => Object.values(one).join(' '))
  }

  accepting(...servers: number[]): string[] {
    return this.give({ type: 'accepting', servers: servers.map((server) => ({ server, listeners: [LISTENER] })) })
  }

  counted(server: number, count: number): string[] {
    return this.give({ type: 'counted', server, count })
  }

  held(connection: number, listener = LISTENER): string[] {
    return this.give({ type: 'held', connection, listener })
  }

  concluded(offer: number, how: keyof typeof ENDS): string[] {
    return this.give({ type: 'concluded', offer, ...ENDS[how] })
  }

  answered(offer: number): string[] {
    return this.give({ type: 'answered', offer })
  }

  due(connection: number): string[] {
    return this.give({ type: 'due', connection })
  }

  heard(): string[] {
    return this.give({ type: 'heard' })
  }
}

type Ends = Readonly<Record<string, { outcome: GiverOutcome; isLate: boolean; hasAnswered: boolean }>>

/** How an offer can end. */
const ENDS = {
  moved: { outcome: 'moved', isLate: false, hasAnswered: true },
  refused: { outcome: 'refused', isLate: false, hasAnswered: true },
  unreached: { outcome: 'refused', isLate: false, hasAnswered: false },
  // The server has ended between its answer and the release.
  stays: { outcome: 'stays', isLate: false, hasAnswered: true },
  late: { outcome: 'stays', isLate: true, hasAnswered: false }
} as const satisfies Ends

t.test('a connection goes to the server with the fewest, and of two such to the first one', async (t) => {
  const servers = new Model()
  t.strictSame(servers.accepting(3, 1, 2), [])
  t.strictSame(servers.held(7), ['wait 7', 'offer 1 7 3'], 'all have none')
  t.strictSame(servers.held(8), ['wait 8', 'offer 2 8 1'], 'what is on its way counts')
  servers.counted(2, 5)
  servers.counted(3, 2)
  servers.counted(1, 1)
  t.strictSame(servers.held(9), ['wait 9', 'offer 3 9 1'])
  servers.counted(2, 1)
  t.strictSame(servers.held(10), ['wait 10', 'offer 4 10 2'])
})

t.test('how an offer ends decides about the connection', async (t) => {
  const next: ReadonlyArray<readonly [keyof typeof ENDS, ...string[]]> = [
    ['moved'],
    ['refused', 'offer 2 7 2'],
    ['unreached', 'offer 2 7 2'],
    ['stays', 'offer 2 7 1'],
    ['late', 'offer 2 7 2']
  ]
  for (const [how, ...effects] of next) {
    const servers = new Model()
    servers.accepting(1, 2)
    servers.held(7)
    t.strictSame(servers.concluded(1, how), how === 'moved' ? ['close 7', 'hear'] : ['hear'], how)
    if (how !== 'late') t.strictSame(servers.answered(1), [], `${how}: nothing is given before the rest is read`)
    t.strictSame(servers.heard(), effects, `${how}: then`)
    t.strictSame(servers.due(7), [], `${how}: it is on its way, or over`)
    t.strictSame(servers.concluded(1, 'moved'), [], `${how}: an offer ends once`)
  }
  for (const outcome of ['closed', 'abandoned'] as const) {
    const servers = new Model()
    servers.accepting(1, 2)
    servers.held(7)
    const effects = servers.give({ type: 'concluded', offer: 1, outcome, isLate: false, hasAnswered: false })
    t.strictSame(effects, ['close 7', 'hear'], `${outcome}: the launcher has it no more`)
  }
})

t.test('a connection whose wait is over is closed, or else when it comes back', async (t) => {
  const waiting = new Model()
  t.strictSame([waiting.held(7), waiting.held(8), waiting.due(7)], [['wait 7'], ['wait 8'], ['close 7']])
  t.strictSame([waiting.due(7), waiting.accepting(1)], [[], ['offer 1 8 1']], 'the other one waits on')
  for (const how of ['refused', 'unreached', 'stays', 'late', 'moved'] as const) {
    const servers = new Model()
    servers.accepting(1, 2)
    servers.held(7)
    servers.held(8)
    t.strictSame(servers.due(7), [])
    t.strictSame(servers.concluded(1, how), ['close 7', 'hear'], how)
    t.strictSame(servers.heard(), [])
    t.strictSame(servers.concluded(2, 'stays'), ['hear'], 'the wait of the other one is not over')
    t.strictSame(servers.heard(), [`offer 3 8 ${how === 'late' ? 2 : 1}`])
  }
})

t.test('what has come is read before a connection is given again', async (t) => {
  const servers = new Model()
  servers.accepting(1)
  servers.held(7)
  t.strictSame(servers.concluded(1, 'unreached'), ['hear'])
  t.strictSame(servers.give({ type: 'ended', server: 1 }), ['hear'])
  t.strictSame(servers.heard(), [], 'the successor is not there yet')
  t.strictSame(servers.accepting(2), ['offer 2 7 2'])
})

t.test('no more than four connections are on their way to one server', async (t) => {
  const servers = new Model()
  servers.accepting(1)
  const effects = [1, 2, 3, 4, 5, 6].map((connection) => servers.held(connection))
  t.strictSame(
    effects.slice(0, 4).flat(),
    [1, 2, 3, 4].flatMap((id) => [`wait ${id}`, `offer ${id} ${id} 1`])
  )
  t.strictSame(effects.slice(4), [['wait 5'], ['wait 6']])
  servers.concluded(2, 'moved')
  t.strictSame(servers.heard(), ['offer 5 5 1'], 'those that wait go in their order')
  servers.concluded(1, 'moved')
  servers.concluded(3, 'stays')
  t.strictSame(servers.heard(), ['offer 6 6 1', 'offer 7 3 1'], 'what has come back waits behind them')
})

t.test('a server that has not answered in time gets no further connection until it does', async (t) => {
  const servers = new Model()
  servers.accepting(1, 2)
  servers.held(7)
  servers.held(8)
  servers.counted(2, 9)
  servers.concluded(1, 'late')
  t.strictSame(servers.heard(), ['offer 3 7 2'])
  t.strictSame(servers.held(9), ['wait 9', 'offer 4 9 2'])
  t.strictSame(servers.answered(1), ['hear'])
  t.strictSame(servers.held(10), ['wait 10', 'offer 5 10 1'])
  servers.concluded(5, 'late')
  for (const offer of [2, 3, 4]) servers.concluded(offer, 'late')
  t.strictSame(servers.heard(), [], 'both hang')
  servers.answered(2)
  servers.answered(3)
  t.strictSame(servers.heard(), [], 'it owes one more')
  servers.answered(4)
  t.strictSame(
    servers.heard(),
    ['offer 6 10 2', 'offer 7 8 2', 'offer 8 7 2', 'offer 9 9 2'],
    'in the order in which they came back'
  )
  t.strictSame(servers.answered(6), [], 'that one is on its way')
  t.strictSame(servers.concluded(6, 'moved'), ['close 10', 'hear'])
})

t.test('a server that is late counts with what is on its way to it', async (t) => {
  const servers = new Model(2)
  servers.accepting(1)
  servers.held(7)
  servers.held(8)
  servers.concluded(1, 'late')
  servers.heard()
  servers.answered(1)
  servers.heard()
  t.strictSame(servers.held(9), ['wait 9'], 'it has its two: one that was on its way, and the one that came back')
})

t.test('a connection is closed when all have refused it, and not before one can be asked', async (t) => {
  const servers = new Model(1)
  servers.accepting(1, 2)
  servers.held(7)
  servers.held(8)
  servers.concluded(1, 'refused')
  t.strictSame(servers.heard(), [], 'the other one may take it later')
  servers.concluded(2, 'moved')
  t.strictSame(servers.heard(), ['offer 3 7 2'])
  servers.concluded(3, 'refused')
  t.strictSame(servers.heard(), ['close 7'])
})

t.test('a connection that all have refused waits until one of them could take another one', async (t) => {
  const servers = new Model(1)
  servers.accepting(1)
  servers.held(7)
  servers.held(8)
  servers.concluded(1, 'refused')
  servers.accepting()
  servers.accepting(1)
  t.strictSame(
    servers.balance.waiting.map(({ connection }) => connection),
    [7]
  )
  servers.concluded(2, 'moved')
  t.strictSame(servers.heard(), ['close 7'])
})

t.test('a connection waits while a server that may take it is late', async (t) => {
  const servers = new Model()
  servers.accepting(1, 2)
  servers.held(7)
  servers.held(8)
  servers.concluded(1, 'refused')
  servers.concluded(2, 'late')
  t.strictSame(servers.heard(), ['offer 3 8 1'], 'what one has refused the other one may take')
  servers.answered(2)
  t.strictSame(servers.heard(), ['offer 4 7 2'])
})

t.test('without a server that accepts, connections wait for one', async (t) => {
  const servers = new Model()
  servers.accepting(1)
  servers.held(7)
  servers.concluded(1, 'refused')
  t.strictSame(servers.accepting(), [])
  t.strictSame(servers.held(8), ['wait 8'])
  t.strictSame(servers.accepting(2), ['offer 2 7 2', 'offer 3 8 2'])
})

t.test('a connection waits for the successor of a server that could not be asked', async (t) => {
  const servers = new Model()
  servers.accepting(1)
  servers.held(7)
  servers.concluded(1, 'unreached')
  t.strictSame(servers.heard(), [], 'its end is not known yet')
  t.strictSame(servers.accepting(1, 2), ['offer 2 7 2'])
  servers.concluded(2, 'unreached')
  t.strictSame(servers.heard(), [], 'nor is the end of its successor')
  t.strictSame(servers.accepting(1, 2, 3), ['offer 3 7 3'])
  servers.concluded(3, 'refused')
  t.strictSame(servers.heard(), ['close 7'], 'the only one that could be asked has refused it')
})

t.test('a connection goes to a server with its listener', async (t) => {
  const servers = new Model()
  const accepting = (...listeners: number[][]) =>
    servers.give({ type: 'accepting', servers: listeners.map((of, index) => ({ server: index + 1, listeners: of })) })
  accepting([1], [1, 2])
  t.strictSame(servers.held(7, 2), ['wait 7', 'offer 1 7 2'])
  t.strictSame(servers.held(8, 3), ['wait 8', 'close 8'], 'nobody has it')
  servers.concluded(1, 'late')
  t.strictSame(servers.heard(), [], 'the one that has it hangs')
  t.strictSame(servers.held(9, 1), ['wait 9', 'offer 2 9 1'], 'those behind it need not wait')
  t.strictSame(accepting([1, 2], [1]), ['offer 3 7 1'])
})

t.test('what a server that has ended had counts no more', async (t) => {
  const servers = new Model()
  servers.accepting(1, 2)
  servers.counted(2, 5)
  servers.held(7)
  servers.held(8)
  t.strictSame(servers.give({ type: 'ended', server: 1 }), ['hear'])
  t.strictSame(servers.held(9), ['wait 9', 'offer 3 9 2'], 'it gets no more')
  servers.concluded(1, 'unreached')
  servers.concluded(2, 'stays')
  t.strictSame(servers.heard(), ['offer 4 7 2', 'offer 5 8 2'])
  t.strictSame(
    servers.balance.accounts.map(({ server }) => server),
    [2]
  )
})

t.test('each server learns how many connections it should have', async (t) => {
  const servers = new Model()
  const give = (input: BalanceInput) => servers.give(input, true)
  const accepting = (...ids: number[]) =>
    give({ type: 'accepting', servers: ids.map((server) => ({ server, listeners: [LISTENER] })) })
  const counted = (server: number, count: number) => give({ type: 'counted', server, count })
  t.strictSame(accepting(1), [`report share 1 ${ALONE}`])
  t.strictSame(counted(1, 100), [], 'one server has no other to pass connections to')
  t.strictSame(accepting(1, 2), ['report share 1 50', 'report share 2 50'])
  t.strictSame(counted(2, 12), [], '56: less than an eighth more')
  t.strictSame(counted(2, 13), ['report share 1 57', 'report share 2 57'], '56.5 is as good as 57')
  t.strictSame(counted(2, 0), [], '50: an eighth less would be 49.9')
  t.strictSame(counted(1, 98), ['report share 1 49', 'report share 2 49'])
  t.strictSame(accepting(1, 2, 3), ['report share 1 33', 'report share 2 33', 'report share 3 33'])
  t.strictSame(accepting(1, 2), ['report share 1 49', 'report share 2 49'])
  t.strictSame(accepting(2), [`report share 2 ${ALONE}`])
  t.strictSame(accepting(3, 2), ['report share 3 0', 'report share 2 0'])
})

t.test('a server that hangs has no share, and is told when it answers', async (t) => {
  const servers = new Model()
  const give = (input: BalanceInput) => servers.give(input, true)
  const all = [1, 2, 3].map((server) => ({ server, listeners: [LISTENER] }))
  give({ type: 'accepting', servers: all.slice(0, 2) })
  servers.counted(2, 40)
  t.strictSame(
    servers.balance.accounts.map(({ share }) => share),
    [20, 20]
  )
  servers.held(7)
  servers.concluded(1, 'late')
  t.strictSame(give({ type: 'heard' }), ['offer 2 7 2', `report share 2 ${ALONE}`])
  servers.counted(2, 41)
  servers.concluded(2, 'moved')
  give({ type: 'heard' })
  servers.answered(1)
  t.strictSame(give({ type: 'heard' }), ['report share 2 21'], 'what the other one knows is good enough')
})

t.test('what is on its way counts for a share', async (t) => {
  const servers = new Model()
  const give = (input: BalanceInput) => servers.give(input, true)
  give({ type: 'accepting', servers: [1, 2].map((server) => ({ server, listeners: [LISTENER] })) })
  const effects = give({ type: 'held', connection: 7, listener: LISTENER })
  t.strictSame(effects, ['wait 7', 'offer 1 7 1', 'report share 1 1', 'report share 2 1'])
})
