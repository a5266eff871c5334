import { readFileSync } from 'node:fs'
import { join } from 'node:path'

const NAME = 'fastify-graceful-reload'

/** Read when this module is loaded, soon after the start: later, the file may be that of another release. */
const VERSION = readVersion()

/** The version of this package; null if it is unknown, as in an app that is bundled into one file. */
export function ownVersion(): string | null {
  return VERSION
}

function readVersion(): string | null {
  try {
    const { name, version } = JSON.parse(readFileSync(join(__dirname, '../../../package.json'), 'utf8'))
    return name === NAME && typeof version === 'string' ? version : null
  } catch {
    return null
  }
}
