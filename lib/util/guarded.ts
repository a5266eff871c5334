import { toError } from './to-error.js'

/**
 * Acts on a message of another process, or on its end, or does something in which code of the app may run, such as
 * what listens to `newListener` of a server. A failure is logged, and this process goes on: neither must end it, or
 * what it is in the middle of.
 */
export function guarded(act: () => void): void {
  try {
    act()
  } catch (error) {
    process.emitWarning(toError(error))
  }
}
