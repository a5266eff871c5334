import type { Effect, Input, Launcher, Server } from '../../../lib/protocol/launcher.js'
import { type Member, memberOf, type System } from './system.js'

/** A process with something in progress is not killed, unless its time is over. */

/** The server that is killed although it accepts, or finishes what it has accepted. */
export function killedAtWork(
  system: System,
  before: Launcher,
  input: Input,
  effects: readonly Effect[]
): Member | undefined {
  if (input.type === 'due' || input.type === 'force' || before.phase !== 'running') return undefined
  const killed = effects.flatMap((effect) =>
    effect.do === 'kill' && effect.signal === 'SIGKILL' ? (memberOf(system, effect.server) ?? []) : []
  )
  return killed.find((member) =>
    isAtWork(
      member,
      before.servers.find(({ id }) => id === member.number)
    )
  )
}

function isAtWork({ life, doomed, accepts, server }: Member, known: Server | undefined): boolean {
  const finishes = server.at.name === 'leaving' && known?.stage === 'serving'
  return life === 'runs' && !doomed && (accepts || finishes)
}
