import type { Effect, Input, Launcher, Server } from '../../../lib/protocol/launcher.js'
import { longestDrain } from '../server/durations.js'
import { keepsTime } from '../server/host.js'
import { type Member, memberOf, type System } from './system.js'

type Due = Extract<Input, { type: 'due' }>

/** A process with something in progress is not killed, unless its time is over. */

/** The server that is killed although it accepts, or finishes what it has accepted. */
export function killedAtWork(
  system: System,
  before: Launcher,
  input: Input,
  effects: readonly Effect[]
): Member | undefined {
  if (input.type === 'due') return killedEarly(system, input, effects)
  if (input.type === 'force' || before.phase !== 'running') return undefined
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

/**
 * The server whose apps still have time, by a clock that keeps time. One that has to hear its child first begins to
 * drain later than the launcher counts, and may have less.
 */
function killedEarly(system: System, { timer, id }: Due, effects: readonly Effect[]): Member | undefined {
  const server = memberOf(system, id)
  const isEnded = effects.some(
    (effect) => effect.do === 'kill' || (effect.do === 'tell' && effect.order.type === 'force')
  )
  const isMeasured = keepsTime(system) && system.rules.network === 'prompt'
  if (timer !== 'stop' || !isEnded || !isMeasured || server?.life !== 'runs') return undefined
  const begun = (at: number): number => at - longestDrain(system.rules)
  const isEarly = server.works.some(({ at = 0 }) => at > system.now && begun(at) <= (system.stoppedAt ?? 0))
  return isEarly ? server : undefined
}

function isAtWork({ life, doomed, accepts, server }: Member, known: Server | undefined): boolean {
  const finishes = server.at.name === 'leaving' && known?.stage === 'serving'
  return life === 'runs' && !doomed && (accepts || finishes)
}
