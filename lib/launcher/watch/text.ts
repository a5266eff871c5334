import { printable } from '../../util/printable.js'

/** More files than that are counted, and not named. */
const MOST_NAMED = 3

/** Lines about the error and where it is. Node has written all of them before, if nobody else has. */
const MOST_LINES = 4

/** The files that have changed. */
export function listOf(paths: readonly string[]): string {
  const named = paths.slice(0, MOST_NAMED).join(', ')
  return paths.length > MOST_NAMED ? `${named} and ${paths.length - MOST_NAMED} more` : named
}

/** Why a reload has failed, for the person who has just saved a file. */
export function failureLines(error: Error, what: string): string[] {
  const { cause } = error
  const why = cause instanceof Error ? cause : error
  const { stderr = [] } = error as { stderr?: string[] }
  return [
    `not reloaded: ${what}`,
    ...linesOf(why, stderr)
      .slice(0, MOST_LINES)
      .map((line) => `  ${line}`),
    'the server keeps serving the previous code; the next change reloads'
  ]
}

/**
 * What the error is, where, and which files led there, without blank lines. Node puts the line that it cannot read
 * before the error.
 */
function linesOf({ name, message, stack = '' }: Error, stderr: readonly string[]): string[] {
  const all = stack.includes(message) ? stack.split('\n') : [`${name}: ${message}`, ...stderr]
  const own = all.filter((line) => line.trim() !== '' && !line.includes('node:internal'))
  const text = message.split('\n').filter((line) => line.trim() !== '')
  const found = own.findIndex((line) => line === text[0] || line.endsWith(`: ${text[0]}`))
  const [at, size] = [Math.max(found, 0), Math.max(text.length, 1)]
  return [...own.slice(at, at + size), ...own.slice(0, at), ...own.slice(at + size)]
}

/** Why a folder is not watched. */
export function untoldLine({ code, message }: NodeJS.ErrnoException): string {
  const why =
    code === 'ENOSPC'
      ? "the system's limit of watched folders is reached (sysctl fs.inotify.max_user_watches)"
      : code === 'EMFILE'
        ? 'the limit of watchers or open files is reached (sysctl fs.inotify.max_user_instances, ulimit -n)'
        : printable(message)
  return `${why}: some folders are checked once a second instead`
}
