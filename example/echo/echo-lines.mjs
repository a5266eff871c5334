/**
 * When this process leaves, it ends a connection only after so much silence, because a line may be on its way.
 * Milliseconds.
 */
const QUIET = 250

/** How long a client may take to close its side after this process has closed its own. Milliseconds. */
const LINGER = 5000

/** A client that sends a longer line is cut off. Bytes. */
const LONGEST_LINE = 64 * 1024

const NEWLINE = '\n'.charCodeAt(0)

/**
 * Sends each line back to the client. When this process leaves, it finishes a line that has begun to arrive, and then
 * ends the connection. So a client gets each line back whole, or knows that it may send the line again on a new
 * connection.
 *
 * @param {import('node:net').Socket} socket - of a server with `allowHalfOpen`
 * @param {AbortSignal} signal - aborts when this process leaves
 */
export function echoLines(socket, signal) {
  /** The beginning of a line whose end has not arrived. */
  let begun = Buffer.alloc(0)

  socket.on('data', (bytes) => {
    // Reads and drops the rest: a close with unread bytes resets the connection, and echoes on their way may be lost.
    // https://www.rfc-editor.org/rfc/rfc9112#section-9.6
    if (socket.writableEnded) return
    const received = Buffer.concat([begun, bytes])
    const end = received.lastIndexOf(NEWLINE) + 1
    const lines = received.subarray(0, end)
    begun = received.subarray(end)
    if (begun.length > LONGEST_LINE) socket.destroy()
    else if (signal.aborted && end > 0) sayGoodbye(socket, lines)
    else if (!socket.write(lines)) pauseUntilDrained(socket)
  })
  // If the client has ended its side, its last line may have no line end.
  socket.on('end', () => socket.writableEnded || socket.end(begun))
  socket.on('error', () => socket.destroy())

  const leave = () => socket.setTimeout(QUIET)
  socket.on('timeout', () => {
    if (begun.length === 0 && socket.writableLength === 0 && !socket.writableEnded) sayGoodbye(socket)
  })
  if (signal.aborted) leave()
  signal.addEventListener('abort', leave)
  socket.once('close', () => signal.removeEventListener('abort', leave))
}

/** Ends this side of a connection. The client closes the other one when it has read everything. */
function sayGoodbye(socket, lines = Buffer.alloc(0)) {
  socket.end(lines, () => socket.setTimeout(LINGER, () => socket.destroy()))
}

/** Reads no faster than the client does. */
function pauseUntilDrained(socket) {
  socket.pause()
  socket.once('drain', () => socket.resume())
}
