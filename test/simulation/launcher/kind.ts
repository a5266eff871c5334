import * as launcher from '../../../lib/protocol/launcher.js'
import * as server from '../../../lib/protocol/server.js'
import { budgetOf, type Kind, type Search } from '../kind.js'
import { orderless, placesOf } from '../server/kind.js'
import { copyWorld } from '../server/world.js'
import { beginSystem } from './begin.js'
import { dueAt, faults, progress } from './events.js'
import { happen } from './happen.js'
import { problemAtRest, problemOf } from './invariants.js'
import { link } from './links.js'
import { MISTAKES } from './mistakes.js'
import { FAULTS, type Fault, type Rules } from './rules.js'
import { STORIES } from './stories.js'
import type { Machines, Member, System } from './system.js'

/** The faults that keep the system small enough. Random schedules have servers that end, stall or fail. */
const SMALL: readonly Fault[] = [
  'stop',
  'force',
  'signal',
  'own signal',
  'launcher dies',
  'launcher stalls',
  'no start'
]

/** What keeps the end of two workers small: nothing is started again. */
const BESIDE_A_STOP: readonly Fault[] = ['force', 'signal', 'hang', 'work hangs', 'launcher dies', 'scale down']

function search(workers: number, budget: Search<Rules>['budget'], isQuick = false): Search<Rules> {
  const title = `${Object.keys(budget).join(' and ')}, ${workers} worker${workers === 1 ? '' : 's'}`
  return { title, rules: { workers }, budget, isQuick }
}

const TIMERS = [
  'restart',
  'scale',
  'turn',
  'boot',
  'steady',
  'stop',
  'force',
  'kill',
  'silence',
  'grow',
  'tell',
  'signal'
]

/** A launcher with its workers, each of them a chain of servers. */
export const LAUNCHER: Kind<Machines, Rules, System> = {
  name: 'launcher',
  machine: { launcher, server },
  stories: STORIES,
  searches: [
    ...[{}, ...SMALL.map((fault) => ({ [fault]: 1 }))].map((more) => search(1, { reload: 1, ...more })),
    // Each schedule of a reload without a fault is one of these too.
    search(2, { reload: 1, 'no start': 1 }),
    ...BESIDE_A_STOP.map((fault) => search(2, { stop: 1, [fault]: 1 }, true))
  ],
  mistakes: MISTAKES,
  runs: { judge: 400, test: 8000, simulate: 100_000 },
  limits: ['0 silent', ...TIMERS.map((timer) => `0 due ${timer}`)],
  pairs: { rules: { workers: 1 }, budget: { reload: 1 } },
  faultNames: FAULTS,
  faultRarity: 12,
  usual: {
    workers: 2,
    timers: 'in order',
    network: 'prompt',
    saves: false,
    checks: false,
    launched: true,
    old: false,
    lingers: false,
    apps: [25_000],
    busy: false
  },
  planOf: (random) => {
    const budget = budgetOf(random, FAULTS)
    const workers = random.pick([1, 2, 2, 3])
    const timers = random.oneIn(4) ? 'any' : 'in order'
    const network = random.oneIn(4) ? 'slow' : 'prompt'
    const rules = {
      workers,
      timers,
      network,
      saves: random.oneIn(4),
      checks: random.oneIn(6),
      launched: true,
      old: false,
      lingers: false,
      apps: random.oneIn(6) ? [500, 60_000] : [25_000],
      // Otherwise a stop may be on its way for a long time, and a limit says nothing about the work of a server.
      busy: timers === 'in order' && network === 'prompt' && random.oneIn(4)
    } as const
    return { rules, budget, isBooted: !random.oneIn(10) }
  },
  begin: beginSystem,
  copy: (system) => {
    const copy = copyWorld(system)
    link(copy)
    return copy
  },
  essenceOf: (system) => {
    const { processes, launcher, life, timers, starts, callers, noting, isMixed } = system
    const known = [launcher, life, timers.map(({ timer, id }) => `${timer} ${id}`).sort(), starts, noting, isMixed]
    const asked = callers.map(({ process, ask, wanted, outcome }) => [process, ask, wanted, outcome])
    const { asks, budget, excuse, broken } = system
    return [known, processes.map(essenceOfMember), asked, asks, budget, excuse, broken]
  },
  progress,
  faults,
  dueAt,
  happen,
  // If clocks jumped all the time, limits would end every server that boots.
  calm: (system) => {
    system.rules = { ...system.rules, timers: 'in order', network: 'prompt' }
  },
  problemOf,
  problemAtRest,
  reloads: ({ processes, launcher, life }) => {
    // A child that hangs beside its hung parent may be in the way of one more reload.
    const hung = processes.filter(({ isHung, life }) => isHung && life !== 'over')
    const isUp = life === 'runs' && launcher.hasServed && launcher.workers.every(({ isOver }) => !isOver)
    // One that hangs counts as told to end by the signal, as soon as it is killed.
    const mayEnd = launcher.servers.some(
      ({ id, forwarded }) => forwarded.includes('SIGTERM') && hung.some(({ number }) => number === id)
    )
    return isUp && hung.length <= 1 && !mayEnd ? 0 : undefined
  },
  outcomesOf: ({ callers }) => callers.map(({ outcome }) => outcome),
  /** The release of each server. */
  servesOf: ({ processes }) =>
    processes.flatMap(({ life, isHung, release }) => (life === 'over' || isHung ? [] : [release])),
  placesOf: (system) => {
    const { roll, phase } = system.launcher
    const turns = roll && `${roll.stage}: ${roll.turns.map(({ stage }) => stage).join(', ')}`
    return [turns ?? phase, placesOf(system)].join('; ')
  }
}

const NO_TIMES = { startedAt: 0, stalledAt: 0, signalledAt: undefined, told: 0 }

function essenceOfMember(member: Member): unknown {
  const { life, up, end, confirmed, settled, isJoined, isBuried } = member
  if (life === 'over') return [up, end, confirmed, settled, isJoined, isBuried]
  return { ...member, ...NO_TIMES, ...orderless(member) }
}
