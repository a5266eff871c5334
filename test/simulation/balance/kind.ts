import * as machine from '../../../lib/protocol/balance.js'
import type { Kind, Search } from '../kind.js'
import { type BalanceEvent, dueAt, faults, progress } from './events.js'
import { happen } from './happen.js'
import { passOn, tellAccepting } from './host.js'
import { problemAtRest, problemOf, servesOf } from './invariants.js'
import { MISTAKES } from './mistakes.js'
import { STORIES } from './stories.js'
import { copyWorld, createWorld, type Machine, type Rules, type World } from './world.js'

function searchOf(rules: Partial<Rules>, budget: Search<Rules>['budget'], isQuick: boolean): Search<Rules> {
  const title = [rules, budget].flatMap((part) => Object.entries(part).map(([name, count]) => `${name} ${count}`))
  return { title: title.join(', '), rules, budget, isQuick }
}

/** Connections that spread over the servers of a launcher. */
export const BALANCE: Kind<Machine, Rules, World> = {
  name: 'balance',
  machine,
  stories: STORIES,
  searches: [
    searchOf({ burst: 1 }, { fault: 1 }, true),
    searchOf({ most: 1, burst: 2 }, { fault: 1 }, true),
    searchOf({ burst: 1 }, { connection: 1, count: 1 }, true),
    searchOf({ burst: 1 }, { fault: 2 }, false),
    searchOf({ servers: 3, most: 1, burst: 2 }, { fault: 1 }, false)
  ],
  mistakes: MISTAKES,
  runs: { judge: 1000, test: 6000, simulate: 300_000 },
  limits: ['0 due answer', '0 due limit', '0 due wait'],
  pairs: { rules: { most: 1, burst: 1 }, budget: {} },
  faultNames: ['fault', 'connection', 'count'],
  faultRarity: 3,
  usual: { servers: 2, most: 4, burst: 0 },
  planOf: (random) => {
    const rules = { servers: random.pick([1, 2, 2, 3, 3]), most: random.pick([1, 2, 4]), burst: random.below(8) }
    const budget = { connection: random.below(4), fault: random.below(5), count: random.below(4) }
    return { rules, budget, isBooted: true }
  },
  begin: (right, { rules, budget }) => {
    const world = createWorld(right, rules)
    tellAccepting(world)
    for (let count = 0; count < rules.burst; count++) passOn(world)
    world.budget = budget
    return world
  },
  copy: copyWorld,
  essenceOf: ({ balance, servers, connections, offers, isHearing, broken, budget }) => [
    ...[balance, servers, isHearing, broken, budget],
    connections.map(({ timer, ...connection }) => [connection, timer?.name]),
    offers.map(({ timer, ...offer }) => [offer, timer?.name])
  ],
  progress,
  faults,
  dueAt,
  happen: (world, event) => happen(world, event as BalanceEvent),
  problemOf,
  problemAtRest,
  reloads: () => undefined,
  outcomesOf: () => [],
  servesOf,
  placesOf: ({ offers, balance }) => {
    const waiting = balance.waiting.map(({ connection }) => connection).join(', ')
    const places = offers.map(({ connection, server, giver }) => `${connection} to ${server}: ${giver.at}`)
    return [...(waiting === '' ? [] : [`${waiting} waiting`]), ...places].join('; ') || 'at rest'
  }
}
