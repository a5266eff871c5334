import type { Effect, Failure, Place, Server } from '../../../lib/protocol/server.js'

/** Effects and states of a server process in a few words, for tables. */

/** An effect by its name, and what of it makes a difference. `child` and `reload` are those of the place, mostly. */
export function briefOf(effect: Effect): string {
  switch (effect.do) {
    case 'wait':
    case 'cancel':
      return `${effect.do} ${effect.timer}`
    case 'warn':
      return `warn: ${effect.about}`
    case 'refuse':
      return `refuse ${effect.asks.join('+')}: ${effect.why} (${effect.reason})`
    case 'tell child':
      return `tell child: ${effect.word.type}${effect.word.type === 'stop' && effect.word.lameDuck ? ' late' : ''}`
    case 'tell parent':
      return `tell parent: ${effect.word.type}`
    case 'tell launcher':
      return `tell launcher: ${effect.word}`
    case 'conclude':
      return `conclude ${effect.child}: ${failureOf(effect.failure)}`
    case 'conclude check':
      return `conclude check ${effect.child}: ${failureOf(effect.failure)}`
    case 'start check':
    case 'note check':
      return `${effect.do} ${effect.child} for ${effect.check.asks.join('+')}`
    case 'answer':
      return `answer ${effect.reload.asks.join('+')}`
    default:
      return Object.entries(effect)
        .flatMap(([key, value]) => (typeof value === 'object' && !Array.isArray(value) ? [] : wordOf(key, value)))
        .join(' ')
  }
}

function failureOf(failure: Failure | undefined): string {
  if (failure === undefined) return 'success'
  return failure.kind === 'rolled back' ? `rolled back (${failure.how})` : failure.kind
}

function wordOf(key: string, value: unknown): string[] {
  if (key === 'do') return [String(value)]
  if (value === undefined || value === false) return []
  return [value === true ? key : String(value)]
}

/** The state of a process, and what it keeps for later. */
export function stateOf({ at, queued, elsewhere, parent }: Server): string {
  const words = [at.name, ...flagsOf(at)]
  if (queued !== undefined)
    words.push(`queued ${queued.asks.join('+') || 'signal'}${queued.supervised ? ' supervised' : ''}`)
  if (elsewhere.length > 0) words.push(`elsewhere ${elsewhere.join('+')}`)
  return [...words, ...(parent === 'gone' ? ['alone'] : [])].join(', ')
}

function flagsOf(at: Place): string[] {
  return Object.entries(at).flatMap(([key, value]) => {
    if (key === 'stage') return [String(value)]
    if (value === true) return [key]
    if (key === 'cause') return [String(value)]
    return key === 'stop' && at.name === 'reloading' && at.stop !== undefined ? [`stops (${at.stop.cause})`] : []
  })
}
