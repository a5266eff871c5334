import type { BalanceInput } from '../../../lib/protocol/balance.js'
import * as machine from '../../../lib/protocol/balance.js'
import { type Mistake, slipsOf } from '../mistakes.js'
import type { Machine } from './world.js'

/** Deliberate mistakes in the machine that spreads connections: the simulation has to find each of them. */

const { altered, without, hearing } = slipsOf(
  machine.stepBalance,
  (stepBalance): Machine => ({ ...machine, stepBalance })
)

type Conclusion = Extract<BalanceInput, { type: 'concluded' }>

/** Hears something else of how offers end. */
const concluding = (say: (input: Conclusion) => Partial<Conclusion>): Machine =>
  hearing((_, input) => (input.type === 'concluded' ? { ...input, ...say(input) } : input))

export const MISTAKES: ReadonlyArray<Mistake<Machine>> = [
  {
    rule: 'limit',
    title: 'a connection waits without a limit',
    machine: without((effect) => effect.do === 'wait'),
    found: /kept for ever/
  },
  {
    rule: 'limit',
    title: 'the wait of a connection that is on its way is forgotten',
    machine: hearing(({ offers }, input) =>
      input.type === 'due' && offers.some(({ held }) => held?.connection === input.connection) ? undefined : input
    ),
    found: /after its wait/
  },
  {
    rule: 'duty',
    title: 'a connection whose wait is over is closed although a server takes it',
    machine: altered(([next, effects], _, input) => [
      next,
      input.type === 'due' ? [{ do: 'close', connection: input.connection }] : effects
    ]),
    found: /closed on its way/
  },
  {
    rule: 'duty',
    title: 'a connection that nobody can take now is closed',
    machine: altered(([next, effects]) => [
      { ...next, waiting: [] },
      [...effects, ...next.waiting.map(({ connection }) => ({ do: 'close', connection }) as const)]
    ]),
    found: /closed too early/
  },
  {
    rule: 'duty',
    title: 'a connection that one server has refused is closed',
    machine: concluding(({ outcome }) => (outcome === 'refused' ? { outcome: 'moved' } : {})),
    found: /closed too early/
  },
  {
    rule: 'duty',
    title: 'a connection that has come back is forgotten',
    machine: altered(([next, effects], { waiting }, input) => [
      input.type === 'concluded' ? { ...next, waiting } : next,
      effects
    ]),
    found: /waits, and|kept/
  },
  {
    rule: 'duty',
    title: 'nobody gets a connection that has come back',
    machine: without((effect) => effect.do === 'hear'),
    found: /waits, and|its share/
  },
  {
    rule: 'words',
    title: 'a refusal does not count',
    machine: concluding(() => ({ hasAnswered: false })),
    found: /all have refused it/
  },
  {
    rule: 'words',
    title: 'a server that has refused a connection gets it again',
    machine: concluding(({ outcome }) => (outcome === 'refused' ? { outcome: 'stays' } : {})),
    found: /has refused it|could not be asked/
  },
  {
    rule: 'words',
    title: 'a server gets connections of a listener that it has closed',
    machine: hearing((_, input) =>
      input.type === 'accepting'
        ? { ...input, servers: input.servers.map(({ server }) => ({ server, listeners: [1] })) }
        : input
    ),
    found: /does not accept it/
  },
  {
    rule: 'owner',
    title: 'a connection that a server has got is given again',
    machine: concluding(({ outcome }) => (outcome === 'moved' ? { outcome: 'stays' } : {})),
    found: /two servers have/
  },
  {
    rule: 'owner',
    title: 'the launcher keeps its copy of what a server has got',
    machine: altered(([next, effects], _, input) => {
      const isMoved = input.type === 'concluded' && input.outcome === 'moved'
      return [next, isMoved ? effects.filter((effect) => effect.do !== 'close') : effects]
    }),
    found: /kept|waits, and/
  },
  {
    rule: 'silence',
    title: 'a server that owes an answer gets a further connection',
    machine: altered(([next, effects]) => [
      { ...next, offers: next.offers.filter(({ held }) => held !== undefined) },
      effects
    ]),
    found: /owes an answer/
  },
  {
    rule: 'silence',
    title: 'a server that has answered late gets nothing any more',
    machine: hearing((_, input) => (input.type === 'answered' ? undefined : input)),
    found: /waits, and|its share|shares/
  },
  {
    rule: 'end',
    title: 'a server that has ended is remembered',
    machine: hearing((_, input) => (input.type === 'ended' ? undefined : input)),
    found: /is remembered/
  },
  {
    rule: 'end',
    title: 'a server that has ended counts as one that has refused',
    machine: concluding(() => ({ hasAnswered: true })),
    found: /closed too early/
  },
  {
    rule: 'fair',
    title: 'one more connection than allowed is on its way to a server',
    machine: { ...machine, beginBalance: (most = 4) => machine.beginBalance(most + 1) },
    found: /too many/
  },
  {
    rule: 'fair',
    title: 'the connections that servers have do not count',
    machine: hearing((_, input) => (input.type === 'counted' ? undefined : input)),
    found: /has fewer|its share/
  },
  {
    rule: 'fair',
    title: 'a server without another one passes connections on',
    machine: altered(([next, effects]) => [
      next,
      effects.map((effect) =>
        effect.do === 'report share' ? { ...effect, share: Math.min(effect.share, 99) } : effect
      )
    ]),
    found: /shares with nobody/
  },
  {
    rule: 'fair',
    title: 'a server learns the average only once',
    machine: altered(([next, effects], { accounts }) => {
      const isKnown = (id: number) => accounts.some(({ server, share }) => server === id && share !== undefined)
      return [next, effects.filter((effect) => effect.do !== 'report share' || !isKnown(effect.server))]
    }),
    found: /its share|shares/
  }
]
