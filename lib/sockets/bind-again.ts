import type { ListenOptions } from 'node:net'
import { PathTakenError } from '../errors.js'
import { bindPath, type ListeningHandle } from '../internals/listening-handle.js'
import { UNWATCHED } from './listen-hook.js'
import { giveAccess } from './socket-access.js'
import type { UnixPath } from './unix-path.js'

/**
 * Binds a path again that somebody has removed, with the permissions of the socket that was there: from its first
 * moment, since a control socket lets nobody else in.
 *
 * @throws {PathTakenError} when somebody has put another file there
 */
export function bindAgain(path: UnixPath, backlog?: number): ListeningHandle {
  const temporary = path.temporaryName()
  if (temporary === undefined) throw new PathTakenError(path.path)
  const options = { path: temporary, ...(backlog !== undefined && { backlog }), [UNWATCHED]: true }
  const before = process.umask(0o077 | (0o777 & ~path.mode))
  try {
    const handle = bindPath(options as ListenOptions & { path: string })
    giveAccess(temporary, path.mode, path.group)
    path.install(temporary)
    return handle
  } finally {
    process.umask(before)
  }
}
