import { toError } from '../errors.js'

/**
 * Acts on a message of another process, or on its end. A failure is logged, and this process goes on: a bad message
 * must not end it.
 */
export function guarded(act: () => void): void {
  try {
    act()
  } catch (error) {
    process.emitWarning(toError(error))
  }
}
