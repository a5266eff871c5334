import { fileURLToPath } from 'node:url'

/**
 * Node reports each file to the parent before it loads the file, if an environment variable requests that. So `node
 * --watch` knows what to watch. Nothing documents it; a parent that gets no list has to do without.
 * https://github.com/nodejs/node/blob/v24.0.0/lib/internal/watch_mode/files_watcher.js
 */

/** Makes a process tell. */
export const TELL_LOADED_FILES: Readonly<Record<string, string>> = { WATCH_REPORT_DEPENDENCIES: '1' }

const FIELDS = ['watch:require', 'watch:import']

/**
 * The paths of the files that a message names; undefined if it is no such message. A path may lead to nothing: of a
 * module that is missing, those where it was looked for are named.
 */
export function loadedFiles(message: unknown): string[] | undefined {
  if (typeof message !== 'object' || message === null) return undefined
  const lists = FIELDS.map((field) => (message as Record<string, unknown>)[field]).filter((list) => Array.isArray(list))
  return lists.length === 0 ? undefined : lists.flat().flatMap((named) => pathOf(named) ?? [])
}

/** Loaders add what they like behind a `?`; Node names its own modules, and says null of what it does not know. */
function pathOf(named: unknown): string | undefined {
  if (typeof named !== 'string') return undefined
  try {
    const path = named.startsWith('file:') ? fileURLToPath(named.replace(/[?#].*$/, '')) : named.replace(/\?.*$/, '')
    return path.startsWith('/') || /^[A-Za-z]:\\/.test(path) ? path : undefined
  } catch {
    return undefined
  }
}
