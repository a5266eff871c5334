import * as machine from '../../../lib/protocol/server.js'
import { budgetOf, type Kind, type Search } from '../kind.js'
import { problemAtRest } from './ending.js'
import { dueAt, faults, progress } from './events.js'
import { happen } from './happen.js'
import { describe, problemOf } from './invariants.js'
import { MISTAKES } from './mistakes.js'
import { isWilling } from './people.js'
import { FAULTS, type Fault, type Rules } from './rules.js'
import { STORIES } from './stories.js'
import { endWork } from './works.js'
import { addProcess, copyWorld, createWorld, type Machine, type Process, type World } from './world.js'

/** Two reloads are for `npm run simulate -- all`; and only a launcher has several workers. */
const ELSEWHERE: readonly Fault[] = ['reload', 'signal', 'supervised', 'undo', 'overtake', 'check']
const QUICK: readonly Fault[] = ['error', 'roll back', 'app closes', 'hang']

const search = (title: string, rules: Partial<Rules>, budget: Search<Rules>['budget'], isQuick = false) =>
  ({ title, rules, budget, isQuick }) as const

/** One fault in one reload. */
const searches = [true, false].flatMap((saves) => [
  search(`a reload, state: ${saves}`, { saves }, { reload: 1 }),
  ...FAULTS.filter((fault) => !ELSEWHERE.includes(fault)).map((fault) =>
    search(`${fault}, state: ${saves}`, { saves }, { reload: 1, [fault]: 1 }, saves && QUICK.includes(fault))
  ),
  search(`overtake, state: ${saves}`, { saves }, { reload: 1, kill: 1, overtake: 1 })
])

/** One fault in one check. */
const BESIDE_A_CHECK: readonly Fault[] = [
  'stop',
  'error',
  'app closes',
  'force',
  'kill',
  'stall',
  'hang',
  'fail',
  'hang up'
]

/** What leads to another child has many more schedules: with clocks that keep time, they are searched in seconds. */
const ORDERLY = { timers: 'in order', network: 'prompt', saves: true } as const

const checkSearches = [
  ...[true, false].flatMap((old) => [
    search(`a check, old: ${old}`, { old, saves: true }, { check: 1 }, true),
    ...BESIDE_A_CHECK.map((fault) =>
      search(`${fault} beside a check, old: ${old}`, { old, saves: true }, { check: 1, [fault]: 1 }, !old)
    )
  ]),
  search('a reload beside a check', ORDERLY, { check: 1, reload: 1 }),
  search('two checks', ORDERLY, { check: 2 })
]

const TIMERS = [
  'ready',
  'probation',
  'confirm',
  'kill',
  'end',
  'tell',
  'claims',
  'boot',
  'word',
  'load',
  'check',
  'settle',
  'stop'
]

/** Server processes: each one is the child of the one before it. */
export const SERVER: Kind<Machine, Rules, World> = {
  name: 'server',
  machine,
  stories: STORIES,
  searches: [
    ...searches,
    ...checkSearches,
    search('a stalled parent whose child dies', {}, { reload: 1, stall: 1, kill: 1 }),
    search('a check that fails', { checks: true }, { reload: 1, fail: 1 }, true),
    search('an app that closes itself in a process that goes on', { lingers: true }, { reload: 1, 'app closes': 1 }),
    search('a check that hangs', { checks: true }, { reload: 1, hang: 1 }),
    search(
      'a child that is asked while its parent finds that it is not well',
      { checks: true },
      { reload: 1, unwell: 1 }
    ),
    search('a child that gives back while its parent stalls', {}, { reload: 1, stall: 1, 'roll back': 1 }),
    search('all workers reload, undone', { saves: true, launched: true }, { supervised: 1, undo: 1 }, true),
    search('all workers reload, and an error', { launched: true }, { supervised: 1, error: 1 })
  ],
  mistakes: MISTAKES,
  runs: { judge: 3000, test: 100_000, simulate: 1_000_000 },
  limits: TIMERS.map((timer) => `n due ${timer}`),
  pairs: { rules: { saves: true }, budget: { reload: 1 } },
  faultNames: FAULTS,
  faultRarity: 8,
  usual: {
    timers: 'any',
    network: 'slow',
    saves: false,
    checks: false,
    launched: false,
    old: false,
    apps: [25_000],
    busy: false,
    lingers: false
  },
  planOf: (random) => {
    const launched = random.oneIn(6)
    const budget = budgetOf(random, FAULTS, launched ? { supervised: 1 } : {})
    const timers = random.oneIn(3) ? 'any' : 'in order'
    const network = random.oneIn(3) ? 'slow' : 'prompt'
    return {
      rules: {
        ...{ timers, network, saves: random.oneIn(3), checks: random.oneIn(3), launched, old: random.oneIn(6) },
        ...{ apps: random.oneIn(6) ? [500, 60_000] : [25_000], busy: random.oneIn(6), lingers: random.oneIn(6) }
      },
      budget,
      isBooted: !random.oneIn(10)
    }
  },
  begin: (machine, { rules, budget, isBooted }) => {
    const world = createWorld(machine, rules, budget)
    const first = addProcess(world, 0, 0)
    if (isBooted) endWork(world, first, 'boot: all listen')
    return world
  },
  copy: copyWorld,
  essenceOf: ({ processes, asks, budget, stops, excuse, broken }) => [
    processes.map(essenceOfProcess),
    ...[asks, budget, stops, excuse, broken]
  ],
  progress,
  faults,
  dueAt,
  happen,
  problemOf,
  problemAtRest,
  // A launcher decides itself when its servers reload.
  reloads: ({ processes, rules }) => (rules.launched ? undefined : processes.find(isWilling)?.id),
  outcomesOf: ({ asks }) => asks.filter(({ passed }) => passed === undefined).map(({ outcome }) => outcome),
  servesOf: ({ processes }) =>
    processes.flatMap(({ id, life, server }) => (life !== 'over' && server.at.name === 'serving' ? [id] : [])),
  placesOf
}

function essenceOfProcess(process: Process): unknown {
  const { life, toParent, end, confirmed, settled } = process
  return life === 'over' ? [toParent, end, confirmed, settled] : { ...process, ...orderless(process) }
}

/** The order of events that are in progress at the same time does not matter. */
export function orderless({ timers, works }: Process): { timers: string[]; works: string[] } {
  return {
    timers: timers.map(({ timer }) => timer).sort(),
    works: works.map(({ name, of, at }) => `${name}${of}${at === undefined ? '' : '!'}`).sort()
  }
}

/** Where everybody is who lives. */
export function placesOf({ processes }: World): string {
  return processes
    .flatMap(({ id, life, server }) => (life === 'over' ? [] : `${id}: ${describe(server.at)}`))
    .join('; ')
}
