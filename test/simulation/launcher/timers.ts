import { isAlive, type Launcher } from '../../../lib/protocol/launcher.js'
import type { LauncherTimer, System } from './system.js'

/** A timer that outlives its purpose could have another meaning later. */
export function keepsATimer({ launcher, timers, noting }: System): string | undefined {
  const stray = timers.find((timer) => !isOfUse(launcher, timer, noting))
  return stray === undefined ? undefined : `the launcher keeps the timer "${stray.timer} ${stray.id}"`
}

function isOfUse(launcher: Launcher, { timer, id }: LauncherTimer, noting: System['noting']): boolean {
  const server = launcher.servers.find((one) => one.id === id)
  switch (timer) {
    case 'restart':
      return launcher.workers.find((one) => one.id === id)?.next === 'pausing'
    case 'turn': {
      const turn = launcher.roll?.turns.find(({ worker }) => worker === id)
      const isLimited = turn !== undefined && !['over', 'restarted', 'killing'].includes(turn.stage)
      return isLimited && (turn.stage !== 'passed' || turn.isSpoiled)
    }
    case 'grow':
      return launcher.isGrowing
    case 'tell':
      return launcher.roll?.stage === 'concluding' && noting.includes(launcher.roll.asks[0])
    case 'scale':
      return launcher.scaling !== undefined
    case 'boot':
      return isAlive(server) && server.stage !== 'serving'
    case 'signal':
      return launcher.phase === 'running'
    case 'silence':
      return isAlive(server) && server.isSilent
    case 'stop':
    case 'force':
    case 'kill':
    case 'steady':
      return isAlive(server)
    default:
      return timer satisfies never
  }
}
