import { connect, type Socket } from 'node:net'
import { UnixPath } from '../sockets/unix-path.js'
import { os } from '../util/os.js'
import { BadAnswerError, ConnectionLostError, NoAnswerError, UnreachableError } from './errors.js'
import {
  ANSWER_LIMIT,
  type ControlAnswer,
  type ControlRequest,
  decodeAnswer,
  encodeControl,
  excerpt
} from './messages.js'

/**
 * Asks the process at a control socket.
 *
 * @param timeout - how long to wait for the answer, in milliseconds
 * @throws {UnreachableError | ConnectionLostError | NoAnswerError | BadAnswerError}
 */
export async function ask(path: string, request: ControlRequest, timeout: number): Promise<ControlAnswer> {
  const unknown = request.command === 'reload' ? '; whether it reloads is unknown, see its status' : ''
  const deadline = AbortSignal.timeout(timeout)
  const socket = await reach(path, deadline, () => new NoAnswerError(path, timeout, ''))
  try {
    socket.write(encodeControl(request))
    const line = await readLine(socket, deadline, path)
    const answer = line && decodeAnswer(line, request.command)
    if (answer) return answer
    if (line) throw new BadAnswerError(path, excerpt(line))
    throw deadline.aborted ? new NoAnswerError(path, timeout, unknown) : new ConnectionLostError(path, unknown)
  } finally {
    socket.destroy()
  }
}

/** @throws {UnreachableError} */
async function reach(path: string, deadline: AbortSignal, late: () => Error): Promise<Socket> {
  // Node before 24 would connect to the beginning of it without a word.
  if (new UnixPath(path).tooLong !== undefined)
    throw new UnreachableError(path, 'the path is longer than the system allows')
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

/** The first line, or what came of it; undefined if nothing came before the end or the deadline. */
function readLine(socket: Socket, deadline: AbortSignal, path: string): Promise<string | undefined> {
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = []
    let size = 0
    const finish = () => resolve(size === 0 ? undefined : Buffer.concat(chunks).toString().split('\n', 1)[0])
    socket.on('data', (chunk: Buffer) => {
      chunks.push(chunk)
      size += chunk.length
      if (chunk.includes('\n')) finish()
      else if (size > ANSWER_LIMIT) reject(new BadAnswerError(path, `more than ${ANSWER_LIMIT} bytes`))
    })
    socket.on('error', finish)
    socket.on('close', finish)
    deadline.addEventListener('abort', finish, { once: true })
  })
}

function reasonOf({ code, message }: NodeJS.ErrnoException, path: string): string {
  if (code === 'ENOENT') return 'there is no such socket; does the server run, with this path as its option control?'
  if (code === 'EACCES' || code === 'EPERM')
    return 'permission denied; only the user that the server runs as may ask it, and the group that its option control lets in'
  if (os.stat(path)?.isFile() || os.stat(path)?.isDirectory()) return 'it is no socket'
  if (code === 'ECONNREFUSED')
    return 'nobody accepts; a server that crashed has left the socket behind, and the next one replaces it'
  return message
}
