/**
 * Listeners of well-known packages, which end the process on a signal. Nothing shows which package has added a
 * listener, so this compares its source text. It looks for names of properties, which survive a minifier; of
 * close-with-grace, for names of functions.
 *
 * Fallback: one that is not known is taken for a listener of the app, and the log warns of it.
 */

/**
 * What a listener is: one that closes the app and then sends the signal again, one that calls a function of the app and
 * then exits, one that only acts where nobody else listens, or another one.
 */
export type HandlerKind = 'closes' | 'exits' | 'idle' | 'unknown'

// biome-ignore lint/suspicious/noExplicitAny: what Node calls with a signal, and what it calls with an error
export type ProcessListener = (...args: any[]) => unknown

const KNOWN: ReadonlyArray<{ kind: HandlerKind; marks: RegExp[] }> = [
  // NestJS 12 and before: https://github.com/nestjs/nest/blob/v11.1.0/packages/core/nest-application-context.ts,
  // listenToShutdownSignals
  { kind: 'closes', marks: [/\.receivedSignal\b/, /\.shutdown\(/] },
  { kind: 'closes', marks: [/\.callDestroyHook\(/, /\.callShutdownHook\(/] },
  // https://github.com/godaddy/terminus/blob/v4.12.1/lib/terminus.js, cleanup
  { kind: 'closes', marks: [/\.isShuttingDown\b/, /\bbeforeShutdown\(/, /\bonShutdown\(/] },
  // https://github.com/mcollina/close-with-grace/blob/v2.5.0/index.js, onSignal
  { kind: 'exits', marks: [/^function onSignal\s*\(signal\)\s*\{\s*run\(/] },
  // The same, once it has received a signal: the next one is not for the app.
  { kind: 'idle', marks: [/^function afterFirstSignal\s*\(signal\)/] },
  // https://github.com/tapjs/signal-exit/blob/v4.1.0/src/index.ts, #sigListeners
  { kind: 'idle', marks: [/\.listeners\(/, /\bunload\(\)/] }
]

/** What a listener of a signal is. */
export function kindOf(listener: ProcessListener): HandlerKind {
  const text = String(listener)
  return KNOWN.find(({ marks }) => marks.every((mark) => mark.test(text)))?.kind ?? 'unknown'
}

/**
 * Whether a listener is that by which a close-with-grace receives errors, before the first one or after it: onError,
 * afterFirstError.
 */
export function isGraceErrorListener(listener: ProcessListener): boolean {
  return /^function (onError|afterFirstError)\s*\(err\)\s*\{\s*(run\(|if \(typeof opts\.onSecondError)/.test(
    String(listener)
  )
}

/**
 * Runs listeners of the kind `closes`. At their end they send this process the signal again, which would be a second
 * stop signal, and end it before everybody is done: meanwhile `process.kill` of this process does nothing.
 *
 * Fallback, where `process.kill` cannot be replaced: the signal ends the process, with exit code 1.
 *
 * @param signal - that has come, if one has
 */
export async function runWithoutSignal(
  listeners: readonly ProcessListener[],
  signal: string | undefined
): Promise<void> {
  const { kill } = process
  const quiet: typeof kill = (pid, ...args) => pid === process.pid || kill.call(process, pid, ...args)
  process.kill = quiet
  try {
    await Promise.all(listeners.map((listener) => listener.call(process, signal)))
  } finally {
    if (process.kill === quiet) process.kill = kill
  }
}
