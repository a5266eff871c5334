import type { Move } from '../../lib/protocol/connection.js'
import {
  begin,
  cut,
  killGiver,
  killTaker,
  loseRelay,
  type Machines,
  offerTo,
  readAtGiver,
  readAtTaker,
  runs,
  tellGiver,
  tellTaker,
  type World,
  writeToGiver,
  writeToTaker
} from './connection-world.js'

/** What to search. */
export interface Search {
  move: Move
  /** How many processes the connection can be offered to. Default: 1. */
  peers?: number
  /** How many offers are made at most. Default: 1. */
  offers?: number
  /** Whether the words go through a process that can end. Default: false. */
  isRelayed?: boolean
  /** How many things go wrong at most. */
  faults: number
  machines: Machines
}

/** What was found. */
export interface Findings {
  states: number
  /** The first state that breaks a rule, and the shortest way to it. */
  violation: { rule: string; steps: string[]; world: World } | undefined
}

type Action = readonly [name: string, act: (world: World) => void]

/** Goes through every order in which things can happen, breadth first. */
export function search(settings: Search): Findings {
  const { move, peers = 1, machines, isRelayed = false } = settings
  const first = JSON.stringify({ ...begin(move, peers, machines), isRelayed })
  const ways = new Map<string, readonly [from: string, step: string] | undefined>([[first, undefined]])
  const found = (key: string, rule: string): Findings => {
    return { states: ways.size, violation: { rule, steps: stepsTo(key, ways), world: JSON.parse(key) } }
  }
  // A map is iterated over in the order of insertion, those included that are added meanwhile.
  for (const [key] of ways) {
    const world = JSON.parse(key) as World
    const rule = brokenRule(world)
    if (rule !== undefined) return found(key, rule)
    const steps = stepsOf(world, settings)
    if (steps.length === 0 && unfinished(world) !== undefined) return found(key, unfinished(world) as string)
    for (const [name, act] of [...steps, ...choicesOf(world, settings), ...faultsOf(world, settings)]) {
      const next = JSON.parse(key) as World
      act(next)
      const nextKey = JSON.stringify(next)
      if (!ways.has(nextKey)) ways.set(nextKey, [key, name])
    }
  }
  return { states: ways.size, violation: undefined }
}

function stepsTo(key: string, ways: ReadonlyMap<string, readonly [string, string] | undefined>): string[] {
  const way = ways.get(key)
  return way === undefined ? [] : [...stepsTo(way[0], ways), way[1]]
}

/** What must never be. */
function brokenRule({ life, holds, attempts, peers, owner }: World): string | undefined {
  const readers = attempts.filter(({ reads, peer }) => reads && peers[peer]?.life !== 'dead')
  if (readers.length + (holds ? 1 : 0) > 1) return 'two owners'
  const isEarly = life !== 'dead' && readers.some(({ peer }) => peer !== owner)
  return isEarly ? 'the taker reads what is not its own yet' : undefined
}

/** What must not be when nothing more can happen. */
function unfinished({ life, holds, attempts, peers, owner, mayBeLost }: World): string | undefined {
  for (const { giver, taker, peer } of attempts) {
    if (life !== 'dead' && giver.at !== 'over' && giver.at !== 'late') return `the giver waits for ever: ${giver.at}`
    const isAwake = runs(peers[peer]?.life ?? 'dead')
    if (isAwake && taker !== undefined && taker.at !== 'over') return `the taker waits for ever: ${taker.at}`
  }
  const hasOwner = holds || attempts.some(({ reads, peer }) => reads && peers[peer]?.life !== 'dead')
  return hasOwner || mayBeLost || peers[owner]?.life === 'stuck' ? undefined : 'nobody has it'
}

/** What happens by itself, sooner or later. */
function stepsOf(world: World, { machines }: Search): Action[] {
  const actions: Action[] = []
  const add = (name: string, act: Action[1]) => actions.push([name, act])
  if (world.life === 'stands still') add('the giver goes on', (next) => (next.life = 'ran on'))
  for (const [number, { life, isCut, isOver, toTaker, toGiver }] of world.peers.entries()) {
    const name = `taker ${number}`
    const hearsTaker = runs(world.life)
    const isGone = life === 'dead' || isCut
    if (life === 'stands still')
      add(`${name} goes on`, ({ peers }) => Object.assign(peers[number] as object, { life: 'ran on' }))
    if (hearsTaker && toTaker.unwritten.length > 0)
      add(`write ${toTaker.unwritten[0]?.word} to ${name}`, (next) => writeToTaker(next, number, machines))
    if (hearsTaker && toGiver.kernel.length > 0)
      for (const atRest of toGiver.kernel[0]?.word === 'taken' && world.move === 'websocket' ? [true, false] : [true])
        add(`read of ${name}, at rest: ${atRest}`, (next) => readAtGiver(next, number, atRest, machines))
    if (hearsTaker && isGone && !isOver && toGiver.kernel.length === 0)
      add(`hear the end of ${name}`, (next) => hearEndOfTaker(next, number, machines))
    if (runs(life) && toGiver.unwritten.length > 0)
      add(`${name} writes ${toGiver.unwritten[0]?.word}`, (next) => writeToGiver(next, number, machines))
    if (runs(life) && world.peers[number]?.relay === 'unheard' && toTaker.kernel.length === 0)
      add(`${name} hears that nobody passes its words on`, (next) => hearLossOfRelay(next, number, machines))
    if (runs(life) && toTaker.kernel.length > 0)
      add(`${name} reads ${toTaker.kernel[0]?.word}`, (next) => readAtTaker(next, number, 'well', machines))
  }
  return [...actions, ...waitsOf(world, machines)]
}

function waitsOf(world: World, machines: Machines): Action[] {
  return world.attempts.flatMap(({ giverTimer, taker, takerTimer, peer }, index): Action[] => {
    const { life, toTaker } = world.peers[peer] as World['peers'][number]
    const actions: Action[] = []
    if (giverTimer && runs(world.life)) {
      const due = (next: World) => {
        Object.assign(next.attempts[index] as object, { giverTimer: false })
        tellGiver(next, index, { type: 'due' }, machines)
      }
      actions.push(['due at the giver', due])
    }
    if (takerTimer && runs(life)) actions.push(['due at the taker', (next) => dueAtTaker(next, index, machines)])
    const hearsEnd =
      world.life === 'dead' &&
      world.peers[peer]?.relay === 'lives' &&
      runs(life) &&
      toTaker.kernel.length === 0 &&
      taker?.at !== 'over'
    if (hearsEnd && taker !== undefined)
      actions.push(['hear the end of the giver', (next) => tellTaker(next, index, { type: 'giver ended' }, machines)])
    return actions
  })
}

function dueAtTaker(world: World, index: number, machines: Machines): void {
  Object.assign(world.attempts[index] as object, { takerTimer: false })
  tellTaker(world, index, { type: 'due' }, machines)
}

function hearEndOfTaker(world: World, number: number, machines: Machines): void {
  const peer = world.peers[number] as World['peers'][number]
  const type = peer.relay === 'lives' ? 'taker ended' : 'taker out of reach'
  peer.isOver = true
  for (const [index, { peer }] of world.attempts.entries())
    if (peer === number) tellGiver(world, index, { type }, machines)
}

function hearLossOfRelay(world: World, number: number, machines: Machines): void {
  Object.assign(world.peers[number] as object, { relay: 'gone' })
  for (const [index, { peer }] of world.attempts.entries())
    if (peer === number) tellTaker(world, index, { type: 'cut off' }, machines)
}

/** What may happen, or not. */
function choicesOf(world: World, { machines, offers = 1 }: Search): Action[] {
  const { attempts, life, holds, peers, move } = world
  if (!runs(life)) return []
  const actions: Action[] = []
  if (holds && move === 'surplus' && attempts.length < offers)
    for (const [number, { isOver }] of peers.entries())
      if (!isOver) actions.push([`offer to taker ${number}`, (next) => offerTo(next, number, machines)])
  const [{ giver }] = attempts as [World['attempts'][number]]
  if (move !== 'surplus' && !giver.stopped && giver.at !== 'over')
    actions.push(['stop moving', (next) => tellGiver(next, 0, { type: 'stop' }, machines)])
  return actions
}

/** What can go wrong. */
function faultsOf(world: World, { faults, machines }: Search): Action[] {
  if (world.faults >= faults) return []
  const actions: Action[] = []
  const add = (name: string, act: Action[1]) => {
    const counted = (next: World) => {
      next.faults += 1
      act(next)
    }
    actions.push([name, counted])
  }
  if (world.life !== 'dead') add('the giver dies', killGiver)
  if (world.life === 'runs') add('the giver stands still', (next) => (next.life = 'stands still'))
  if (world.move !== 'surplus' && runs(world.life))
    add('the client closes', (next) => tellGiver(next, 0, { type: 'closed' }, machines))
  for (const [number, { life, isCut, toTaker }] of world.peers.entries()) {
    const name = `taker ${number}`
    if (life !== 'dead') add(`${name} dies`, (next) => killTaker(next, number))
    if (life === 'runs')
      add(`${name} stands still`, ({ peers }) => Object.assign(peers[number] as object, { life: 'stands still' }))
    if (life === 'stands still')
      add(`${name} never goes on`, ({ peers }) => Object.assign(peers[number] as object, { life: 'stuck' }))
    if (world.isRelayed && !isCut)
      for (const passes of [true, false])
        add(`the relay to ${name} ends, all is passed on: ${passes}`, (next) => loseRelay(next, number, passes))
    if (runs(life) && !isCut) add(`${name} closes its channel`, (next) => cut(next, number, machines))
    if (!runs(life) || toTaker.kernel[0]?.word !== 'offer') continue
    add(`${name} loses the handle`, (next) => readAtTaker(next, number, 'lost', machines))
    add(`${name} has no room`, (next) => readAtTaker(next, number, 'unable', machines))
  }
  return actions
}
