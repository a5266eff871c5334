import { connect, type Socket } from 'node:net'
import { TOO_LONG, UnixPath } from '../sockets/unix-path.js'
import { os } from '../util/os.js'
import { UnreachableError } from './errors.js'

/**
 * Connects to a control socket.
 *
 * @param late - the error when that takes longer than the deadline
 * @throws {UnreachableError}
 */
export async function reach(path: string, deadline: AbortSignal, late: () => Error): Promise<Socket> {
  // Node before 24 would connect to the beginning of it, and report no error.
  if (new UnixPath(path).tooLong !== undefined) throw new UnreachableError(path, TOO_LONG)
  return new Promise((resolve, reject) => {
    const socket = connect(path)
    const giveUp = () => {
      socket.destroy()
      reject(late())
    }
    deadline.addEventListener('abort', giveUp, { once: true })
    socket.once('error', (cause: NodeJS.ErrnoException) => {
      deadline.removeEventListener('abort', giveUp)
      reject(Object.assign(new UnreachableError(path, reasonOf(cause, path)), { cause }))
    })
    socket.once('connect', () => {
      deadline.removeEventListener('abort', giveUp)
      socket.removeAllListeners('error')
      resolve(socket)
    })
  })
}

function reasonOf({ code, message }: NodeJS.ErrnoException, path: string): string {
  if (code === 'ENOENT')
    return (
      'there is no such socket (does the server run with this path as its control socket? Without the launcher, ' +
      'a server removes it as soon as a stop begins)'
    )
  if (code === 'EACCES' || code === 'EPERM')
    return (
      'permission denied; only the user of the server and the members of its group (control.group, --control-group) ' +
      'can connect'
    )
  if (os.stat(path)?.isFile() || os.stat(path)?.isDirectory()) return 'it is no socket'
  if (code === 'ECONNREFUSED')
    return 'no process accepts; a server that crashed left the socket behind, and the next one replaces it'
  return message
}
