import type { Server } from './server.js'
import { filesOfOptions } from './watch/beside.js'

/**
 * "Invalid Argument: Either an unknown option was specified, or an option requiring a value was provided without a
 * value": https://nodejs.org/api/process.html#exit-codes
 */
export const REFUSED = 9

/**
 * Whether Node has refused the command line of a server that is watched, so that no change of a file mends it. The app
 * may have exited with the same code, and options may stand in a file.
 */
export function isRefused({ ending, hasLoaded, settings }: Server): boolean {
  return ending?.exitCode === REFUSED && !hasLoaded && filesOfOptions(settings.command).length === 0
}
