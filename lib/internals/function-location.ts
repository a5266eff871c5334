import type { Session } from 'node:inspector'
import { fileURLToPath } from 'node:url'

/**
 * The file and line of each function that listens to a signal: nothing else shows which code has added it. The
 * inspector knows, of its own process too. It documents the place of a function only as an internal property:
 * https://chromedevtools.github.io/devtools-protocol/v8/Runtime/#type-InternalPropertyDescriptor. It takes a tenth of a
 * second where many files are loaded, so this is called once, when the app begins to listen, and only if there is
 * something to name.
 *
 * Fallback, as under the permission model, or in a Node without inspector: they have no place.
 */
export function placesOfListeners(event: string): Array<string | undefined> {
  try {
    // Not every Node has one.
    const { Session } = require('node:inspector') as typeof import('node:inspector')
    const session = new Session()
    session.connect()
    try {
      return readPlaces(session, event)
    } finally {
      session.disconnect()
    }
  } catch {
    return []
  }
}

/** Of all that the inspector says, what is used. */
interface Location {
  scriptId: string
  lineNumber: number
  columnNumber: number
}

/** A session of the same thread answers before `post` returns. */
function readPlaces(session: Session, event: string): Array<string | undefined> {
  const locations = process.listeners(event as NodeJS.Signals).map((_, at) => locationOf(session, event, at))
  const files = new Map<string, string>()
  session.on('Debugger.scriptParsed', ({ params }) => files.set(params.scriptId, params.url))
  session.post('Debugger.enable')
  session.post('Debugger.disable')
  return locations.map((location) => {
    const file = location && files.get(location.scriptId)
    return file ? `${pathOf(file)}:${location.lineNumber + 1}` : undefined
  })
}

function locationOf(session: Session, event: string, at: number): Location | undefined {
  let found: Location | undefined
  const expression = `process.listeners(${JSON.stringify(event)})[${at}]`
  session.post('Runtime.evaluate', { expression }, (_, { result }) => {
    if (result.objectId === undefined) return
    session.post('Runtime.getProperties', { objectId: result.objectId, ownProperties: true }, (_, answer) => {
      const internals = answer.internalProperties ?? []
      found = internals.find(({ name }) => name === '[[FunctionLocation]]')?.value?.value
    })
  })
  return found
}

function pathOf(url: string): string {
  return url.startsWith('file:') ? fileURLToPath(url) : url
}
