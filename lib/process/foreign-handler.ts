import type { HandlerKind, ProcessListener } from '../internals/shutdown-handlers.js'

/** What an event of the process means to this plugin. */
export type Use = 'stop' | 'reload' | 'force' | 'error'

/** A signal handler that is not this plugin's. */
export interface ForeignHandler {
  readonly event: NodeJS.Signals
  readonly use: Use
  readonly listener: ProcessListener
  readonly kind: HandlerKind
  readonly isOnce: boolean
  /** File and line, if they are known. */
  place: string | undefined
}

/**
 * What the plugin does with a handler that it did not install: it takes the handler away and calls it when the process
 * ends, leaves it where it is, or leaves it and logs a warning. Only this plugin decides what a reload signal means:
 * many handlers would end the process, and whatever else a handler does is for a process that goes on.
 */
export function treatmentOf(kind: HandlerKind, use: Use): 'take' | 'leave' | 'warn' {
  if (kind === 'idle') return 'leave'
  if (use === 'error') return kind === 'exits' ? 'take' : 'leave'
  if (use === 'stop') return kind === 'unknown' ? 'warn' : 'take'
  return 'take'
}

/** The warning about such handlers: one sentence for each handler, which may listen to several signals. */
export function warningsOf(found: readonly ForeignHandler[]): string[] {
  const told = new Map<string, string[]>()
  for (const { event, use, listener, place } of found) {
    const warning = WARNINGS[use](describe(listener, place))
    told.set(warning, [...(told.get(warning) ?? []), event])
  }
  return [...told].map(([warning, signals]) => `${signals.join(' and ')}: ${warning}`)
}

function taken(what: string): string {
  return (
    `${what} no longer receives it; use an onClose hook, which also runs in a process that a reload replaces, ` +
    'or choose other signals with the option signals'
  )
}

const WARNINGS: Readonly<Record<Use, (what: string) => string>> = {
  stop: (what) =>
    `${what} also runs; if it ends the process, it cuts off requests in progress; an onClose hook runs after them`,
  reload: taken,
  force: taken,
  error: taken
}

function describe({ name }: ProcessListener, place: string | undefined): string {
  const called = name === '' ? 'a listener of the app' : `the listener ${name} of the app`
  return place === undefined ? called : `${called} (${place})`
}

/** Whether the log names it. */
export function isToBeTold({ kind, use }: ForeignHandler): boolean {
  return kind === 'unknown' && use !== 'error'
}
