import { sep } from 'node:path'
import { fileURLToPath } from 'node:url'

/**
 * Node reports each file to the parent before it loads the file, if an environment variable requests that. So `node
 * --watch` knows what to watch. Nothing documents it; a parent that gets no list has to do without.
 * https://github.com/nodejs/node/blob/v24.0.0/lib/internal/watch_mode/files_watcher.js
 */

/** Makes a process tell. */
export const TELL_LOADED_FILES: Readonly<Record<string, string>> = { WATCH_REPORT_DEPENDENCIES: '1' }

const REQUIRED = 'watch:require'
const FIELDS = [REQUIRED, 'watch:import']

/** Within the path of an installed package. */
export const INSTALLED = `${sep}node_modules${sep}`

const KEY = Symbol.for('fastify-graceful-reload.loaded-files')

type Send = NonNullable<typeof process.send>

/** How many files are reported one by one, at once. */
const FIRST = 32

/** Later ones go in batches: one when those that wait are this part of all. */
const PART = 1 / 4

/**
 * Sends what Node reports of a process in fewer messages. Each of Node's own names one file, and takes far more room in
 * the channel than its text: while the launcher does not read, there is room for some 200. What does not fit waits in
 * this process and is lost with it, and so is whatever this process says behind it, such as why it could not boot.
 *
 * Files of installed packages, which are most, are left out: the launcher watches none of them. The first ones of the
 * app go at once: a process that hangs or is killed while it loads them sends nothing later. Of the others the last
 * batch goes in the next turn of the event loop, or at the end.
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
  const batches = new Batches((files) => {
    // A channel that has ended is no error: the callback keeps Node from emitting one.
    if (process.connected) send({ [REQUIRED]: files }, undefined, {}, () => {})
  })
  process.send = ((message: unknown, ...rest: []) => {
    const files = rest.length === 0 ? loadedFiles(message) : undefined
    if (files === undefined) return send(message, ...rest)
    // The first file is the script, wherever it is: this process has begun.
    for (const file of files) if (batches.isNew || !file.includes(INSTALLED)) batches.add(file)
    return true
  }) as Send
  process.on('exit', () => batches.flush())
}

/** Files on their way to the launcher. */
class Batches {
  readonly #send: (files: string[]) => void
  #waiting: string[] = []
  #total = 0

  constructor(send: (files: string[]) => void) {
    this.#send = send
  }

  /** Whether there was no file yet. */
  get isNew(): boolean {
    return this.#total === 0
  }

  add(file: string): void {
    this.#total += 1
    this.#waiting.push(file)
    if (this.#total <= FIRST || this.#waiting.length >= this.#total * PART) this.flush()
    else if (this.#waiting.length === 1) setImmediate(() => this.flush())
  }

  flush(): void {
    const files = this.#waiting.splice(0)
    if (files.length > 0) this.#send(files)
  }
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
