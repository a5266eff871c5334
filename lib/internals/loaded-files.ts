import { fileURLToPath } from 'node:url'

/**
 * Node reports each file to the parent before it loads the file, if an environment variable requests that. So `node
 * --watch` knows what to watch. Nothing documents it; a parent that gets no list has to do without.
 * https://github.com/nodejs/node/blob/v24.0.0/lib/internal/watch_mode/files_watcher.js
 */

/** Makes a process tell. */
export const TELL_LOADED_FILES: Readonly<Record<string, string>> = { WATCH_REPORT_DEPENDENCIES: '1' }

const FIELDS = ['watch:require', 'watch:import']

const KEY = Symbol.for('fastify-graceful-reload.loaded-files')

type Send = NonNullable<typeof process.send>

/**
 * Sends as one message what Node reports in one turn of the event loop. Each message of Node names one file, and takes
 * far more room in the channel than its text: while the launcher does not read, there is room for some 200. What does
 * not fit waits in this process and is lost with it, and so is whatever this process says behind it, such as why it
 * could not boot.
 *
 * `process.send` is wrapped, once for a process; Node calls it as an app does:
 * https://github.com/nodejs/node/blob/v24.0.0/lib/internal/modules/cjs/loader.js (reportModuleToWatchMode)
 *
 * Fallback: without a channel, or when Node sends in another way, each file is a message.
 */
export function gatherLoadedFiles(): void {
  const holder = globalThis as { [KEY]?: boolean }
  const send = process.send?.bind(process) as Send | undefined
  if (send === undefined || holder[KEY]) return
  holder[KEY] = true
  let gathered: unknown[] = []
  const flush = () => {
    if (gathered.length > 0 && process.connected) send({ [FIELDS[0] as string]: gathered })
    gathered = []
  }
  const gather = (files: readonly unknown[]): boolean => {
    if (gathered.length === 0) setImmediate(flush)
    gathered.push(...files)
    return true
  }
  process.send = ((message: unknown, ...rest: []) => {
    const files = rest.length === 0 ? listsIn(message) : undefined
    return files === undefined ? send(message, ...rest) : gather(files)
  }) as Send
  process.on('exit', flush)
}

/**
 * The paths of the files that a message names; undefined if it is no such message. A path may lead to nothing: of a
 * module that is missing, those where it was looked for are named.
 */
export function loadedFiles(message: unknown): string[] | undefined {
  return listsIn(message)?.flatMap((named) => pathOf(named) ?? [])
}

function listsIn(message: unknown): unknown[] | undefined {
  if (typeof message !== 'object' || message === null) return undefined
  const lists = FIELDS.map((field) => (message as Record<string, unknown>)[field]).filter((list) => Array.isArray(list))
  return lists.length === 0 ? undefined : lists.flat()
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
