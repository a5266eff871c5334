import { isAlive, isServing, type Launcher } from '../../../lib/protocol/launcher.js'
import { describe, problemOfProcess } from '../server/invariants.js'
import { isWilling, lives } from '../server/people.js'
import type { Member, System } from './system.js'
import { keepsATimer } from './timers.js'
import { lateAnswer, lateStop } from './truth.js'

/** What must be true at every moment. Each function returns what is wrong, or nothing. */

export function problemOf(system: System): string | undefined {
  if (system.broken !== undefined) return system.broken
  for (const member of system.processes) {
    if (!lives(member) || member.doomed) continue
    const problem = problemOfProcess(system, member)
    if (problem !== undefined) return `process ${member.id} (${describe(member.server.at)}) ${problem}`
  }
  if (system.life === 'dead') return undefined
  return (
    launcherWaitsForEver(system) ??
    keepsATimer(system) ??
    workerIsGivenUp(system) ??
    nobodyAccepts(system) ??
    takesTooLong(system) ??
    followsNobody(system) ??
    remembersTooMuch(system) ??
    twoAtOnce(system)
  )
}

/** Every wait of the launcher has a limit. */
function launcherWaitsForEver(system: System): string | undefined {
  const { launcher, noting } = system
  const { roll, servers, workers, phase } = launcher
  const isSet = (timer: string, id: number): boolean =>
    system.timers.some((other) => other.timer === timer && other.id === id)
  if (phase === 'ended') return undefined
  const owing = roll?.turns.find(({ stage, worker, server }) => {
    if (['passed', 'restarted', 'over'].includes(stage)) return false
    return stage === 'killing' ? !isSet('kill', server ?? -1) : !isSet('turn', worker)
  })
  if (owing !== undefined) return `the launcher waits for worker ${owing.worker} without a limit (${owing.stage})`
  if (roll?.stage === 'concluding' && !noting.includes(roll.asks[0]) && !isSet('tell', 0))
    return 'the launcher concludes for ever'
  if (launcher.isGrowing && !isSet('grow', 0)) return 'the launcher grows for ever'
  if (scalesForEver(launcher, isSet)) return 'the number of workers changes for ever'
  const silent = servers.find((one) => isAlive(one) && one.isSilent && one.leaves !== 'no' && !one.isKilled)
  if (silent !== undefined && !isSet('silence', silent.id) && !silent.isTold)
    return `server ${silent.id} leaves silently for ever`
  const pausing = workers.find(({ id, next }) => next === 'pausing' && !isSet('restart', id))
  if (pausing !== undefined) return `worker ${pausing.id} pauses for ever`
  const leaving = servers.find(
    (one) => isAlive(one) && one.isTold && !['stop', 'force', 'kill'].some((timer) => isSet(timer, one.id))
  )
  if (leaving !== undefined) return `server ${leaving.id} was told to stop, and has no limit`
  const killed = servers.find(
    (one) => isAlive(one) && one.stage !== 'starting' && one.isKilled && !isSet('kill', one.id)
  )
  return killed === undefined ? undefined : `server ${killed.id} was killed, and has no limit`
}

/**
 * New workers that are not started yet, or fewer workers while the others are needed. A server that boots has its
 * own limit.
 */
function scalesForEver(
  { scaling, workers, servers }: Launcher,
  isSet: (timer: string, id: number) => boolean
): boolean {
  if (scaling === undefined || isSet('scale', 0)) return false
  const added = workers.slice(scaling.before)
  return added.length === 0 || added.some((one) => !isStarted(one) || isUnlimited(one))

  function isStarted({ current, next }: Launcher['workers'][number]): boolean {
    return current !== undefined || next === 'starting'
  }
  function isUnlimited({ current }: Launcher['workers'][number]): boolean {
    return servers.some(
      ({ id, stage }) => id === current && stage === 'booting' && !isSet('boot', id) && !isSet('kill', id)
    )
  }
}

/** While the launcher lives, each of its workers has a server, or gets one; unless somebody stopped them. */
function workerIsGivenUp(system: System): string | undefined {
  const { launcher, excuse } = system
  if (launcher.phase !== 'running')
    return system.stoppedAt === undefined && excuse === undefined && launcher.hasServed
      ? 'the launcher ends'
      : undefined
  if (excuse !== undefined || !launcher.hasServed) return undefined
  const lost = launcher.workers.find(({ id, current, next, isOver }) => {
    if (isOver) return !isUndecided(system)
    if (next !== 'none' || current === undefined) return false
    return !launcher.servers.some((one) => isAlive(one) && one.worker === id)
  })
  return lost === undefined ? undefined : `worker ${lost.id} is given up`
}

/** Whether a signal meant the end is known when its time is over; of a server that hangs, when that goes on. */
function isUndecided({ launcher, timers }: System): boolean {
  const hangs = launcher.servers.some((one) => isAlive(one) && one.isSilent && one.forwarded.length > 0)
  return hangs || timers.some(({ timer }) => timer === 'signal')
}

/** The launcher goes by the app of the server that its first worker has. */
function followsNobody({ launcher, leader }: System): string | undefined {
  const current = launcher.servers.find(({ id }) => id === launcher.workers[0]?.current)
  if (launcher.phase === 'ended' || current?.stage !== 'serving' || current.id === leader) return undefined
  return `the launcher goes by server ${leader}, and not by server ${current.id}`
}

/** A launcher may live for years. It remembers only those ended servers that it has still to report. */
function remembersTooMuch({ launcher: { servers, workers, roll } }: System): string | undefined {
  const ended = servers.find(
    ({ id, stage }) =>
      stage === 'ended' &&
      !workers.some(({ current }) => current === id) &&
      !roll?.turns.some(({ server }) => server === id)
  )
  return ended === undefined ? undefined : `the launcher still knows server ${ended.id}`
}

/** Workers begin a reload one after the other. */
function twoAtOnce({ launcher: { roll } }: System): string | undefined {
  if (roll?.stage !== 'taking turns') return undefined
  const busy = roll.turns.filter(({ stage }) => !['handed over', 'passed', 'restarted', 'over'].includes(stage))
  return busy.length > 1 ? `workers ${busy.map(({ worker }) => worker).join(' and ')} reload at once` : undefined
}

/**
 * Of the servers of a worker that mean to serve, one accepts, or will. A server that handed over has a child that
 * does.
 */
function nobodyAccepts(system: System): string | undefined {
  const asleep = system.processes.find((member) => {
    if (!isWilling(member) || member.server.at.name !== 'parent') return false
    const { child } = member.server.at
    const heir = system.processes.find((other) => other.parent === member.id && other.child === child)
    return heir === undefined || (lives(heir) && !heir.accepts && isWilling(heir))
  })
  return asleep === undefined ? undefined : `process ${asleep.id} has handed over to nobody`
}

/** A hung server delays a reload or a stop at most by its limits. */
function takesTooLong(system: System): string | undefined {
  const { timers, network } = system.rules
  if (timers === 'any' || network === 'slow' || system.hasStalled) return undefined
  const waiting = system.callers.find(({ outcome }) => outcome === undefined)
  const late = waiting && lateAnswer(system, waiting.at)
  return late === undefined ? lateStop(system) : `a reload ${late}`
}

/** What holds when nothing happens any more by itself. */
export function problemAtRest(system: System): string | undefined {
  const { launcher, life } = system
  const alive = system.processes.filter(lives)
  if (life === 'dead' || life === 'ended') {
    const left = alive.find(({ isHung, doomed }) => !isHung && !doomed)
    if (left !== undefined) return `process ${left.id} (${describe(left.server.at)}) is left without a launcher`
    if (life === 'ended' && alive.length > 0) return `process ${alive[0]?.id} hangs, and is left`
    if (life === 'ended' && launcher.hasServed && !system.isReleased) return 'the sockets were never released'
    return life === 'ended' ? openAsk(system) : undefined
  }
  if (launcher.phase === 'stopping') return 'the stop never ends'
  if (launcher.roll !== undefined || launcher.queued !== undefined) return `a reload stays ${launcher.roll?.stage}`
  // The first start of a service is watched by the person who starts it.
  if (!launcher.hasServed) return undefined
  if (launcher.scaling !== undefined || launcher.scales.length > 0) return 'the number of workers never changes'
  const stray = alive.find(({ worker, isHung }) => !isHung && launcher.workers.every(({ id }) => id !== worker))
  if (stray !== undefined) return `process ${stray.id} is left of a worker that is no longer there`
  if (launcher.leaving.length > 0) return 'somebody waits for ever for the end of a worker'
  for (const { id, isOver } of launcher.workers) {
    const problem = isOver ? undefined : problemOfWorker(system, id, alive)
    if (problem !== undefined) return `worker ${id}: ${problem}`
  }
  return openAsk(system) ?? mixedReleases(system, alive)
}

function problemOfWorker({ launcher, processes }: System, id: number, alive: readonly Member[]): string | undefined {
  // A server that hangs cannot end its child that hangs too.
  const isLeft = ({ isHung, parent }: Member): boolean => {
    const own = processes[parent - 1]
    return isHung && own?.isHung === true && lives(own)
  }
  const own = alive.filter((one) => one.worker === id && !isLeft(one))
  const { current } = launcher.workers.find((one) => one.id === id) ?? {}
  if (current === undefined) return 'has never had a server'
  // Its next server comes with the next change of a file.
  if (launcher.workers.find((one) => one.id === id)?.next === 'held')
    return launcher.isWatched && own.length === 0 ? undefined : 'is held'
  if (own.length !== 1) return `${own.length} servers live`
  const [server] = own as [Member]
  if (server.number !== current) return `process ${server.id} lives, and the launcher goes by server ${current}`
  if (server.isHung) return isKnownAsSilent(launcher, current) ? undefined : 'gets work, and hangs'
  if (server.server.at.name !== 'serving') return `process ${server.id} is ${describe(server.server.at)} for ever`
  const known = launcher.servers.find((one) => one.id === current)
  return isServing(known) && !known.isSilent ? undefined : 'the launcher does not know that it serves'
}

function isKnownAsSilent({ servers }: System['launcher'], current: number): boolean {
  const known = servers.find(({ id }) => id === current)
  return known?.stage !== 'serving' || known.isSilent
}

function openAsk(system: System): string | undefined {
  const caller = system.callers.findIndex(({ outcome }) => outcome === undefined)
  if (caller >= 0) return `ask ${caller + 1} of the launcher is never answered`
  const open = system.asks.findIndex(({ process, passed, outcome }) => {
    const member = system.processes[process - 1]
    return outcome === undefined && passed === undefined && member !== undefined && isThere(member)
  })
  return open < 0 ? undefined : `ask ${open + 1} at process ${system.asks[open]?.process} is never answered`
}

/** It has ended by its own decision, or goes on. */
const isThere = ({ life, isHung, end }: Member): boolean => !isHung && (life !== 'over' || end === 'its own')

/** A reload applies to all workers or to none, except workers whose old server has died meanwhile or before. */
function mixedReleases(system: System, alive: readonly Member[]): string | undefined {
  const wrong = alive.find((member) => {
    if (member.release === system.release || member.isHung || system.isMixed) return false
    const parent = system.processes[member.parent - 1]
    return member.release < system.release || (parent?.isHurt === false && parent.end === 'its own')
  })
  return wrong === undefined ? undefined : `process ${wrong.id} has release ${wrong.release}, not ${system.release}`
}
