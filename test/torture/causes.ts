import type { Ask } from './ask.js'
import type { Failure } from './clients.js'
import type { History } from './history.js'
import type { Injector } from './injector.js'

/**
 * By how much what a client sees and what a process prints may come in another order than they happened. Milliseconds.
 */
const LAG = 3000

/** How long an idle connection may outlive the decision of its process to leave. Milliseconds. */
const DRAIN = 30_000

/** What there is to explain a failure by. */
export interface Evidence {
  readonly injector: Injector
  readonly history: History
  /** Whether no process was left at the end. */
  readonly isGone: boolean
}

/** Why a client has failed, or undefined: nothing that was done to the processes explains it. */
export function causeOf(failure: Failure, { injector, history, isGone }: Evidence): string | undefined {
  const { port, since, at, message } = failure
  const isNear = (time: number) => time > since - LAG && time < at + LAG
  const kills = injector.of('kill')
  const isHit = kills.some((kill) => (port === undefined ? isNear(kill.at) : kill.ports.has(port)))
  const isConnect = /^connect/.test(message)
  if (isHit && !isConnect) return 'its process was killed'
  if (injector.of('stop').some((stop) => stop.at < at)) return 'the service was asked to stop'
  if (isGone && injector.of('kill', 'throw').some((end) => end.at < at)) return 'nobody was left'
  if (isConnect) return undefined
  if (history.hangKills.some((kill) => kill.served && isNear(kill.at)))
    return 'its process was killed by its parent or launcher'
  const left = history.leaves.some(({ cause, at: time }) => cause !== 'reloaded' && time < at && time > at - DRAIN)
  // No client can know that the other side is about to close: https://www.rfc-editor.org/rfc/rfc9112#section-9.6
  const isIdle = /closed while idle|after ""$|had been closed|was closed/.test(message)
  return left && isIdle ? 'its process left and closed it while it was idle' : undefined
}

/** Why there was no answer to a client who asked for a reload. */
export function causeOfAsk({ port, begun, ended, text }: Ask, evidence: Evidence): string | undefined {
  const at = ended ?? performance.now()
  const message = port === undefined ? `connect: ${text}` : `${text}, after ""`
  return causeOf({ client: 'ask', message, port, since: begun, at }, evidence)
}

/** How often which cause came. */
export function tallyCauses(failures: readonly Failure[], evidence: Evidence): [causes: string[], problems: string[]] {
  const counts = new Map<string, number>()
  const problems = new Map<string, Failure[]>()
  for (const failure of failures) {
    const cause = causeOf(failure, evidence)
    if (cause !== undefined) counts.set(cause, (counts.get(cause) ?? 0) + 1)
    else problems.set(failure.message, [...(problems.get(failure.message) ?? []), failure])
  }
  return [[...counts].map(([cause, count]) => `${count}: ${cause}`), [...problems.values()].map(describe)]
}

/** Failures with the same message are one line. */
function describe([first, ...others]: readonly Failure[]): string {
  const { client, message, port, since, at } = first as Failure
  const waited = `${Math.round(at - since)} ms after it last heard something`
  const more = others.length === 0 ? '' : `, and so did ${others.length} others`
  return `a client (${client}, port ${port}) failed without a cause, ${waited}: ${message}${more}`
}
