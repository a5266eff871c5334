import { type Attempt, peerOf, runs, type World } from './world.js'

/** What must hold for a connection that moves. Each function says what is wrong, or nothing. */

/** Those whose process reads from the connection. */
export function readersOf(world: World): Attempt[] {
  return world.attempts.filter(({ reads, peer }) => reads && peerOf(world, peer).life !== 'dead')
}

/** What must never be. */
export function problemOf(world: World): string | undefined {
  const readers = readersOf(world)
  if (readers.length + (world.holds ? 1 : 0) > 1) return 'two owners'
  const isEarly = world.life !== 'dead' && readers.some(({ peer }) => peer !== world.owner)
  return isEarly ? 'the taker reads what is not its own yet' : undefined
}

/** What must not be when nothing more can happen. */
export function problemAtRest(world: World): string | undefined {
  const { life, holds, attempts, owner, mayBeLost } = world
  for (const { giver, taker, peer } of attempts) {
    if (life !== 'dead' && giver.at !== 'over' && giver.at !== 'late') return `the giver waits for ever: ${giver.at}`
    const isAwake = runs(peerOf(world, peer).life)
    if (isAwake && taker !== undefined && taker.at !== 'over') return `the taker waits for ever: ${taker.at}`
  }
  if (holds || mayBeLost || readersOf(world).length > 0) return undefined
  return owner > 0 && peerOf(world, owner).life === 'stuck' ? undefined : 'nobody has it'
}
