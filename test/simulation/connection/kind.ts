import type { Kind, Search } from '../kind.js'
import { type ConnectionEvent, faults, progress } from './events.js'
import { happen } from './happen.js'
import { offer } from './host.js'
import { problemAtRest, problemOf, servesOf } from './invariants.js'
import { MISTAKES } from './mistakes.js'
import { STORIES } from './stories.js'
import { copyWorld, createWorld, MACHINES, type Machines, type Rules, type World } from './world.js'

function searchOf(rules: Partial<Rules>, fault: number, isQuick: boolean): Search<Rules> {
  const title = `${Object.entries(rules).flat().join(' ')}, ${fault} faults`
  return { title, rules, budget: { fault }, isQuick }
}

/** One connection that moves between processes. */
export const CONNECTION: Kind<Machines, Rules, World> = {
  name: 'connection',
  machine: MACHINES,
  stories: STORIES,
  searches: [
    searchOf({ move: 'http' }, 3, true),
    searchOf({ move: 'http', isRelayed: true }, 2, true),
    searchOf({ move: 'websocket' }, 3, true),
    searchOf({ move: 'websocket', isRelayed: true }, 2, true),
    searchOf({ move: 'surplus', offers: 2 }, 2, true),
    searchOf({ move: 'surplus', offers: 2 }, 3, false),
    searchOf({ move: 'surplus', peers: 2, offers: 2 }, 1, true),
    searchOf({ move: 'surplus', peers: 2, offers: 2 }, 2, false),
    searchOf({ move: 'http', returns: true }, 2, false),
    searchOf({ move: 'websocket', returns: true }, 2, false),
    searchOf({ move: 'websocket', returns: true, isRelayed: true }, 1, false),
    searchOf({ move: 'http', keeps: true, returns: true }, 1, true),
    searchOf({ move: 'http', keeps: true, returns: true }, 2, false),
    searchOf({ move: 'http', keeps: true, returns: true, isRelayed: true }, 1, false)
  ],
  mistakes: MISTAKES,
  runs: { judge: 1000, test: 20_000, simulate: 1_000_000 },
  limits: ['0 due', 'n due'],
  pairs: { rules: { keeps: true, returns: true, isRelayed: true }, budget: {} },
  faultNames: ['fault'],
  faultRarity: 8,
  usual: { move: 'http', peers: 1, offers: 1, isRelayed: false, keeps: false, returns: false },
  planOf: (random) => {
    const move = random.pick(['http', 'websocket', 'surplus', 'surplus'] as const)
    const isSurplus = move === 'surplus'
    const peers = isSurplus ? 1 + random.below(3) : 1
    const rules = { move, peers, offers: isSurplus ? 1 + random.below(5) : 1, isRelayed: random.oneIn(4) }
    const more = { keeps: move === 'http' && random.oneIn(2), returns: !isSurplus && random.oneIn(2) }
    return { rules: { ...rules, ...more }, budget: { fault: random.below(5) }, isBooted: true }
  },
  begin: (machines, { rules, budget }) => {
    const world = createWorld(machines, rules)
    offer(world, 0, 1)
    world.budget = budget
    return world
  },
  copy: copyWorld,
  essenceOf: ({ life, holds, peers, attempts, owner, mayBeLost, inProgress, copy, isSettled, budget }) => [
    ...[life, holds, owner, mayBeLost, budget],
    ...[peers, attempts, inProgress, copy, isSettled]
  ],
  progress,
  faults,
  // Every limit may be over at any moment.
  dueAt: () => undefined,
  happen: (world, event) => happen(world, event as ConnectionEvent),
  problemOf,
  problemAtRest,
  reloads: () => undefined,
  outcomesOf: () => [],
  servesOf,
  placesOf: ({ attempts, owner, copy, inProgress }) => {
    const places = attempts.map(({ to, giver, taker }) => `to ${to}: ${giver.at}, ${taker?.at ?? 'nothing'}`)
    const kept = copy === 'none' ? [] : [`its copy: ${copy}`]
    return [`${owner} has it${inProgress ? ', with a request' : ''}`, ...places, ...kept].join('; ')
  }
}
