import { type Attempt, lifeOf, peerOf, returnOf, runs, type World } from './world.js'

/** What must be true for a connection that moves. Each function returns what is wrong, or nothing. */

/** The attempts whose process reads from the connection that it got. */
export function readersOf(world: World): Attempt[] {
  return world.attempts.filter(({ reads, to }) => reads && lifeOf(world, to) !== 'dead')
}

/** The processes that read from the connection. A process with two copies is there twice. */
export function servesOf(world: World): number[] {
  const { holds, copy } = world
  return [...(holds ? [0] : []), ...(copy === 'served' ? [0] : []), ...readersOf(world).map(({ to }) => to)]
}

/** What must never be. */
export function problemOf(world: World): string | undefined {
  if (servesOf(world).length > 1) return 'two owners'
  const isEarly = readersOf(world).some(({ from, to }) => lifeOf(world, from) !== 'dead' && to !== world.owner)
  if (isEarly) return 'the taker reads what is not its own yet'
  if (world.copy !== 'served') return undefined
  if (peerOf(world, 1).life !== 'dead') return 'a copy is served of what the taker may read from'
  return world.inProgress ? 'a copy is served of what the taker had in progress' : undefined
}

/** What must not be when nothing more can happen. */
export function problemAtRest(world: World): string | undefined {
  const { attempts, owner, mayBeLost } = world
  for (const attempt of attempts) {
    const { from, to, giver, taker } = attempt
    const isOver = giver.at === 'over' || giver.at === 'late'
    if (runs(lifeOf(world, from)) && !isOver) return `the giver waits for ever: ${giver.at}`
    if (runs(lifeOf(world, to)) && isUndecided(attempt) && !awaitsEnd(world, attempt))
      return `the taker waits for ever: ${taker?.at}`
  }
  if (isKeptForNothing(world)) return 'a copy is kept for ever'
  if (mayBeLost || servesOf(world).length > 0 || attempts.some((attempt) => awaitsEnd(world, attempt))) return undefined
  return owner > 0 && peerOf(world, owner).life === 'stuck' ? undefined : 'nobody has it'
}

function isUndecided({ taker }: Attempt): boolean {
  return taker !== undefined && taker.at !== 'over'
}

/** Whether process 0 waits for the end of a peer that says nothing more. */
function awaitsEnd(world: World, attempt: Attempt): boolean {
  if (attempt.to > 0 || !isUndecided(attempt)) return false
  const { known, life } = peerOf(world, attempt.from)
  return known === 'cut' || life === 'stuck'
}

/** Whether process 0 keeps a copy of what its peer has no more, and could have said so. */
function isKeptForNothing(world: World): boolean {
  const { copy, attempts } = world
  const { known, life, isCut } = peerOf(world, 1)
  if (copy !== 'open') return false
  const back = returnOf(world)
  const isThere = attempts[0]?.reads === true || (back !== undefined && back.giver.at !== 'over')
  return known === 'end' || (runs(life) && !isCut && !isThere)
}
