/** What ends a command by hand. */
const SIGNALS: NodeJS.Signals[] = ['SIGINT', 'SIGTERM']

/**
 * Lets something be said before a signal ends this process, which it still does.
 *
 * @returns a function after which that is no longer said
 */
export function onInterruption(say: () => void): () => void {
  const heard = (signal: NodeJS.Signals) => {
    stop()
    say()
    process.kill(process.pid, signal)
  }
  const stop = () => {
    for (const signal of SIGNALS) process.removeListener(signal, heard)
  }
  for (const signal of SIGNALS) process.on(signal, heard)
  return stop
}
