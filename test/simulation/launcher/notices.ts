import { type Effect, type Input, isAlive, isServing, type Launcher } from '../../../lib/protocol/launcher.js'

/**
 * A person can read everything that a launcher does to a server, or does not yet do for a caller: the notices of
 * each step.
 */
export function missingNotice(
  before: Launcher,
  after: Launcher,
  input: Input,
  effects: readonly Effect[]
): string | undefined {
  const told = effects.flatMap((effect) => (effect.do === 'log' ? [wordsOf(effect)] : []))
  return [
    ...ofReload(before, after),
    ...ofScale(before, after, effects),
    ...ofServers(before, after, input),
    ...ofInput(before, input)
  ].find((notice) => !told.includes(notice))
}

function wordsOf(notice: Extract<Effect, { do: 'log' }>): string {
  if (!('server' in notice)) return notice.about
  const server = typeof notice.server === 'number' ? notice.server : notice.server?.id
  return `${notice.about} ${server}`
}

function ofReload(before: Launcher, after: Launcher): string[] {
  const isQueued = before.queued === undefined && after.queued !== undefined
  const queued = isQueued ? [before.roll === undefined ? 'queued behind scaling' : 'queued'] : []
  // A reload that is over makes room for the next one, which starts from the beginning.
  const known = before.roll?.asks === after.roll?.asks ? (before.roll?.turns.length ?? 0) : 0
  const waiting = (after.roll?.turns.slice(known) ?? []).flatMap(({ worker }) => {
    const id = after.workers.find((one) => one.id === worker)?.current
    // One that is held is started at once.
    if (isHeld(before, worker)) return []
    return isServing(after.servers.find((one) => one.id === id)) ? [] : [`waiting ${id}`]
  })
  return [...queued, ...waiting]
}

function isHeld({ workers }: Launcher, worker: number): boolean {
  return workers.find(({ id }) => id === worker)?.next === 'held'
}

function ofScale(before: Launcher, after: Launcher, effects: readonly Effect[]): string[] {
  const isMade = after.made > before.made
  const isFewer = after.workers.length < before.workers.length
  const isUndone = isFewer && effects.some((effect) => isUnscaled(effect, before.scaling?.ask))
  // A reload that had to wait has been reported already.
  const isKnown = isUndone || (before.scaling !== undefined && before.scaling.target < before.scaling.before)
  return [...(isMade || (isFewer && !isKnown) ? ['scaling'] : []), ...(isUndone ? ['not scaled'] : [])]
}

function isUnscaled(effect: Effect, ask: number | undefined): boolean {
  return effect.do === 'answer' && 'unscaled' in effect.outcome && effect.asks[0] === ask
}

function ofServers(before: Launcher, after: Launcher, input: Input): string[] {
  return after.servers.flatMap((server) => {
    const was = before.servers.find(({ id }) => id === server.id)
    if (was === undefined) return []
    if (isHeld(after, server.worker) && !isHeld(before, server.worker)) return [`held ${server.id}`]
    if (server.isSilent && !was.isSilent) return [`silent ${server.id}`]
    if (was.isSilent && !server.isSilent) return [`answers ${server.id}`]
    const isLate = input.type === 'due' && input.timer !== 'kill'
    return server.isKilled && !was.isKilled && isLate ? [`${lateFor(before, input)} ${server.id}`] : []
  })
}

/** Why a server is killed when a timer comes due. */
function lateFor({ roll }: Launcher, { timer, id }: Extract<Input, { type: 'due' }>): string {
  const isAsked = roll?.turns.find(({ worker }) => worker === id)?.stage === 'asking'
  const reasons: Partial<Record<typeof timer, string>> = {
    boot: 'no boot',
    stop: 'no stop',
    force: 'no stop',
    silence: 'deaf',
    turn: isAsked ? 'hung' : 'late'
  }
  return reasons[timer] ?? `no reason (${timer})`
}

function ofInput({ servers }: Launcher, input: Input): string[] {
  if (input.type === 'due' && input.timer === 'kill')
    return isAlive(servers.find(({ id }) => id === input.id)) ? [`no end ${input.id}`] : []
  if (input.type !== 'not started') return []
  const server = servers.find(({ id }) => id === input.server)
  return server?.stage === 'starting' && server.parent === undefined ? ['not started'] : []
}
