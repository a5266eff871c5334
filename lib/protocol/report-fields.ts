import type { Counts } from '../metrics/counts.js'
import {
  bytes,
  count,
  either,
  exactly,
  type Field,
  flag,
  listOf,
  number,
  object,
  optional,
  record,
  text
} from './fields.js'

/** What the messages between processes carry: errors, outcomes and counts, field by field. */

/** An error in plain form, for the channel. Its other properties are not checked before they are shown. */
export const plainError: Field = record({
  name: text,
  message: text,
  code: optional(text),
  stack: optional(text),
  health: optional((value) => reloadHealth(value)),
  worker: optional(count),
  stderr: optional(listOf(text)),
  cause: optional((value) => plainError(value))
})

const answerCount: Field = record({ answers: count, errors: count })
export const answers: Field = record({ first: answerCount, later: answerCount })

/** @see {@link ReloadHealth} */
const reloadHealth: Field = record({ parent: answerCount, child: answerCount })

export const release: Field = record({ script: optional(text), directory: text, version: optional(text), node: text })

export const reloadResult: Field = record({
  generation: count,
  pid: count,
  previous: record({ generation: count, pid: count }),
  release: optional(release),
  unchanged: optional(flag),
  migrated: count,
  reason: text,
  timings: object,
  health: optional(reloadHealth),
  workers: optional((value) => listOf(reloadResult)(value))
})

/** Of the steps that a reload reached. */
export const stepTimings: Field = record({
  boot: optional(number),
  handoff: optional(number),
  probation: optional(number),
  total: number
})

/** @see {@link TicketKeys} */
export const ticketKeys: Field = record({ keys: bytes, context: optional(text) })

const eachCount: Record<keyof Counts, Field> = {
  opened: count,
  closed: count,
  moved: count,
  forcedRequests: count,
  forcedHolds: count
}

/** @see {@link Counts} */
export const someCounts: Field = record(eachCount)

/** @see {@link Load} */
export const someLoad: Field = record({ connections: count, upgraded: count, requests: count, holds: count })

export const tally: Field = record({ counts: someCounts, load: someLoad, draining: count })

/** @see {@link CheckResult} */
export const checkResult: Field = record({
  generation: count,
  pid: count,
  release,
  unchanged: flag,
  opens: listOf(text),
  closes: listOf(text),
  closed: flag,
  complete: flag,
  reason: text,
  timings: object
})

export const reloadHistory: Field = record({
  succeeded: count,
  failed: count,
  rolledBack: count,
  restarts: count,
  codes: optional(object),
  last: either(
    exactly(null),
    record({
      began: text,
      reason: text,
      outcome: exactly('succeeded', 'failed', 'rolled back'),
      generation: count,
      error: optional(record({ code: text, message: text })),
      timings: object
    })
  )
})
