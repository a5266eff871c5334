import { printable } from '../../util/printable.js'

/** More files than that are counted, and not named. */
const MOST_NAMED = 3

/** Lines of a stack that lead to the fault. Node has written all of it before, if nobody else has. */
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
  const stack = why.stack?.includes(why.message) ? why.stack.split('\n') : [`${why.name}: ${why.message}`, ...stderr]
  const own = stack.filter((line) => !line.includes('node:internal'))
  return [
    `not reloaded: ${what}`,
    ...own.slice(0, MOST_LINES).map((line) => `  ${line}`),
    'the server keeps serving the previous code; the next change reloads'
  ]
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
