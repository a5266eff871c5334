import type { KeptInput } from '../../../lib/protocol/connection-kept.js'
import { type Mistake, slipsOf } from '../mistakes.js'
import { MACHINES, type Machines } from './world.js'

/** Deliberate mistakes in the machines of a connection that moves: the simulation has to find each of them. */

const { take: rightTake, offer: rightOffer, endKept: rightEnd } = MACHINES
const giver = slipsOf(MACHINES.give, (give): Machines => ({ ...MACHINES, give }))
const taker = slipsOf(MACHINES.receive, (receive): Machines => ({ ...MACHINES, receive }))

/** The giver gets a wrong report about its copy. */
const hearingOfCopy = (say: (input: KeptInput) => KeptInput): Machines => ({
  ...MACHINES,
  endKept: (input) => rightEnd(say(input))
})

/** The giver serves its copy, or lets go of it, when it hears something. */
const endingCopy = (type: KeptInput['type'], end: 'serve' | 'let go'): Machines => ({
  ...MACHINES,
  endKept: (input) => (input.type === type ? end : rightEnd(input))
})

export const MISTAKES: ReadonlyArray<Mistake<Machines>> = [
  {
    rule: 'words',
    title: 'the giver takes back what it cannot take back',
    machine: giver.hearing((_, input) => (input.type === 'due' ? { type: 'refused' } : input)),
    found: /two owners|not its own/
  },
  {
    rule: 'duty',
    title: 'the giver lets go before the release is with the kernel',
    machine: giver.altered(([next, effects]) => [next.at === 'releasing' ? { ...next, at: 'over' } : next, effects]),
    found: /nobody has it/
  },
  {
    rule: 'limit',
    title: 'the giver forgets the first deadline',
    machine: { ...MACHINES, offer: (move) => [rightOffer(move)[0], [{ do: 'offer' }]] },
    found: /giver waits for ever: offered/
  },
  {
    rule: 'limit',
    title: 'the giver forgets the second deadline',
    machine: giver.without((effect) => effect.do === 'wait'),
    found: /giver waits for ever: asked/
  },
  {
    rule: 'limit',
    title: 'the giver forgets the taker that is late',
    machine: giver.altered((step, was) => (was.at === 'late' ? [{ ...was, at: 'over' }, []] : step)),
    found: /taker waits for ever: waiting/
  },
  {
    rule: 'end',
    title: 'the giver serves again what a taker out of reach may have',
    machine: giver.hearing((_, input) => (input.type === 'taker out of reach' ? { type: 'taker ended' } : input)),
    found: /two owners|not its own/
  },
  {
    rule: 'end',
    title: 'the taker inherits from a giver that is only out of reach',
    machine: taker.hearing((_, input) => (input.type === 'cut off' ? { type: 'giver ended' } : input)),
    found: /two owners|not its own/
  },
  {
    rule: 'owner',
    title: 'the taker reads before it has said that it takes the connection',
    machine: {
      ...MACHINES,
      take: (...offered) => [rightTake(...offered)[0], [{ do: 'accept' }, ...rightTake(...offered)[1]]]
    },
    found: /not its own yet/
  },
  {
    rule: 'owner',
    title: 'the taker reads although its word cannot be sent',
    machine: taker.hearing((_, input) => (input.type === 'not sent' ? { type: 'sent' } : input)),
    found: /two owners|not its own/
  },
  {
    rule: 'owner',
    title: 'the giver gives again what it has not kept',
    machine: giver.altered(([next, effects]) => [
      next,
      effects.map((one) => (one.do === 'say' && one.word === 'kept' ? { ...one, word: 'released' } : one))
    ]),
    found: /two owners|not its own/
  },
  {
    rule: 'owner',
    title: 'the taker inherits what may be with somebody else',
    machine: taker.altered((step, was, input) =>
      input.type === 'giver ended' ? [{ ...was, at: 'over' }, [{ do: 'accept' }]] : step
    ),
    found: /two owners/
  },
  {
    rule: 'owner',
    title: 'the giver serves its copy although the taker had a request in progress',
    machine: hearingOfCopy((input) => (input.type === 'taker ended' ? { ...input, inProgress: false } : input)),
    found: /had in progress/
  },
  {
    rule: 'owner',
    title: 'the giver serves its copy of what the taker has for good',
    machine: endingCopy('settled', 'serve'),
    found: /two owners|may read from/
  },
  {
    rule: 'owner',
    title: 'the giver serves two copies of what has come back',
    machine: endingCopy('given back', 'serve'),
    found: /two owners/
  },
  {
    rule: 'owner',
    title: 'the giver does not let go of its copy of what has come back',
    machine: {
      ...MACHINES,
      endKept: (input) => (input.type === 'given back' ? (undefined as never) : rightEnd(input))
    },
    found: /two owners|kept for ever/
  },
  {
    rule: 'end',
    title: 'the giver serves its copy although the taker is only out of reach',
    machine: hearingOfCopy((input) =>
      input.type === 'taker out of reach' ? { type: 'taker ended', inProgress: false } : input
    ),
    found: /two owners|may read from/
  },
  {
    rule: 'words',
    title: 'the giver serves its copy of what the taker has closed',
    machine: endingCopy('closed', 'serve'),
    found: /may read from/
  },
  {
    rule: 'words',
    title: 'the giver keeps its copy of what the taker has closed',
    machine: { ...MACHINES, endKept: (input) => (input.type === 'closed' ? (undefined as never) : rightEnd(input)) },
    found: /kept for ever/
  },
  {
    rule: 'duty',
    title: 'the giver lets go of its copy although the taker had no request in progress',
    machine: endingCopy('taker ended', 'let go'),
    found: /nobody has it/
  }
]
