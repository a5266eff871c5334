/**
 * The listeners by which close-with-grace would end the process on a signal. Nothing tells of them, so they are known by how they
 * are written: https://github.com/mcollina/close-with-grace/blob/v2.5.0/index.js, onSignal
 */
export function graceListeners(signal: NodeJS.Signals): NodeJS.SignalsListener[] {
  return process.listeners(signal).filter(isGrace)
}

function isGrace(listener: NodeJS.SignalsListener): boolean {
  return listener.name === 'onSignal' && /^function onSignal\s*\(signal\)\s*\{\s*run\(/.test(String(listener))
}

/** Whether a listener is that by which a close-with-grace hears of errors, before the first one or after it: onError, afterFirstError. */
export function isGraceErrorListener(listener: NodeJS.UncaughtExceptionListener): boolean {
  return /^function (onError|afterFirstError)\s*\(err\)\s*\{\s*(run\(|if \(typeof opts\.onSecondError)/.test(
    String(listener)
  )
}
