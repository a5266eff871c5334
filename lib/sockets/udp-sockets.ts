import { subscribe } from 'node:diagnostics_channel'
import { type EventEmitter, errorMonitor } from 'node:events'

/** Advice if two generations, or two workers, need the same port. */
const REMEDY =
  'UDP sockets are not handed over, and workers do not share them; if another process of this service has the port, ' +
  'create the socket with the option reusePort (Node 22.12 or newer) or reuseAddr: ' +
  'https://nodejs.org/api/dgram.html#dgramcreatesocketoptions-callback'

/**
 * Adds advice to the error of each UDP socket that finds its port taken. Usually that error ends the process.
 * https://nodejs.org/api/diagnostics_channel.html#udp-socket
 */
export function explainTakenPorts(): void {
  subscribe('udp.socket', (message) => {
    const { socket } = message as { socket: EventEmitter }
    socket.on(errorMonitor, explain)
  })
}

function explain(error: NodeJS.ErrnoException): void {
  if (error.code !== 'EADDRINUSE' || error.syscall !== 'bind') return
  const { message, stack } = error
  error.message = `${message}: ${REMEDY}`
  // It was made with the message.
  if (stack !== undefined) error.stack = stack.replace(message, () => error.message)
}
