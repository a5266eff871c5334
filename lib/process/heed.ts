import { toError } from '../errors.js'

/** Acts on what another process has said. That it cannot be acted on is told, and ends nothing: the sender is not worth this process. */
export function heed(act: () => void): void {
  try {
    act()
  } catch (error) {
    process.emitWarning(toError(error))
  }
}
