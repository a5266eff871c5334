import { Socket } from 'node:net'

/** How long a client may take to close after a refusal. Milliseconds. */
const LINGER = 2000

type Done = (error?: Error) => void

/**
 * Catches the answer to a request that was made again on the client's behalf: the client has had one and must not see
 * another. If it is as expected, the connection goes on with the next write. Otherwise the client is sent `refusal` in
 * its place, and the connection is closed.
 */
export function catchAnswer(socket: Socket, isExpected: (answer: string) => boolean, refusal: Buffer): void {
  const decide = (answer: unknown): void => {
    release(socket)
    const text = typeof answer === 'string' ? answer : Buffer.from((answer as Uint8Array) ?? '').toString('latin1')
    if (!isExpected(text)) refuse(socket, refusal)
  }
  shadow(socket, decide)
}

/** Neither `write` nor `end` reaches the connection; the first one decides. */
function shadow(socket: Socket, first: (chunk: unknown) => void): void {
  const swallow = (chunk?: unknown, ...rest: unknown[]): void => {
    const done = [chunk, ...rest].find((argument) => typeof argument === 'function') as Done | undefined
    if (done !== undefined) process.nextTick(done)
    first(typeof chunk === 'function' ? undefined : chunk)
  }
  socket.write = ((...given: unknown[]) => {
    swallow(...given)
    return true
  }) as Socket['write']
  socket.end = ((...given: unknown[]) => {
    swallow(...given)
    return socket
  }) as Socket['end']
}

function release(socket: Socket): void {
  delete (socket as Partial<Socket>).write
  delete (socket as Partial<Socket>).end
}

/**
 * Sends `refusal`, and closes the connection. The code that has the socket still writes an answer and destroys the
 * socket, which must not overtake the refusal.
 */
export function refuse(socket: Socket, refusal: Buffer): void {
  Socket.prototype.end.call(socket, refusal)
  shadow(socket, () => {})
  socket.destroy = () => socket
  const destroy = () => {
    delete (socket as Partial<Socket>).destroy
    socket.destroy()
  }
  const timer = setTimeout(destroy, LINGER)
  socket.once('error', () => {}).once('end', destroy)
  socket.once('close', () => clearTimeout(timer))
  socket.resume()
}
