import type { ListenOptions } from 'node:net'
import { PathLostError, PathTakenError } from '../errors.js'
import { bindPath, type ListeningHandle } from '../internals/listening-handle.js'
import { toError } from '../util/to-error.js'
import { UNWATCHED } from './listen-hook.js'
import { giveAccess } from './socket-access.js'
import { lostFolder, type UnixPath } from './unix-path.js'

const NEXT_TIME = 'and the next reload binds the path again'

/** A path that somebody has removed cannot be bound again. The message is the reason. */
export class NotBoundError extends Error {
  /** The same for a reload that cannot do without the path. */
  readonly ofReload: Error

  constructor(reason: string, ofReload: Error) {
    super(reason)
    this.ofReload = ofReload
  }
}

/**
 * Binds a path again that somebody has removed, with the permissions of the socket that was there: from its first
 * moment, since a control socket lets nobody else in.
 *
 * @throws {NotBoundError}
 */
export function bindAgain(path: UnixPath, backlog?: number): ListeningHandle {
  const temporary = path.temporaryName()
  if (temporary === undefined) throw whyNot(path.path)
  try {
    return bind(path, temporary, backlog)
  } catch (error) {
    const cause = toError(error)
    throw new NotBoundError(cause.message, Object.assign(new PathLostError(path.path, cause.message), { cause }))
  }
}

/** Why there is no free name beside the path. */
function whyNot(path: string): NotBoundError {
  const lost = lostFolder(path)
  if (lost === undefined)
    return new NotBoundError(`another file is at ${path}; remove it, ${NEXT_TIME}`, new PathTakenError(path))
  const reason = `${lost}; create it, ${NEXT_TIME}`
  return new NotBoundError(reason, new PathLostError(path, reason))
}

function bind(path: UnixPath, temporary: string, backlog: number | undefined): ListeningHandle {
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
