import type { Effect, Input, Launcher } from '../../../lib/protocol/launcher.js'
import { type Member, memberOf, type System } from './system.js'

/** Nobody who has something in progress is killed, unless its time is over. */

/** The server that is killed although it finishes what it has, or may be about to accept more. */
export function killedAtWork(
  system: System,
  before: Launcher,
  input: Input,
  effects: readonly Effect[]
): Member | undefined {
  if (input.type === 'due' || input.type === 'force' || before.phase !== 'running') return undefined
  const killed = effects.filter((effect) => effect.do === 'kill' && effect.signal === 'SIGKILL')
  return killed
    .map((effect) => memberOf(system, 'server' in effect ? (effect.server as number) : undefined))
    .find((member): member is Member => member !== undefined && isAtWork(member))
}

function isAtWork({ life, doomed, accepts, server }: Member): boolean {
  return life === 'runs' && !doomed && (accepts || server.at.name === 'leaving')
}
