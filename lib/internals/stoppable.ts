import type { Server } from 'node:net'

/** What stoppable makes of a server. */
interface Stoppable {
  _pendingSockets?: unknown
  stop?: (callback?: (error: Error | undefined, gracefully: boolean) => void) => void
}

/**
 * A server of `stoppable`, which `@godaddy/terminus` uses as well. Its `stop` destroys each connection after a time of
 * its own, which is a second in terminus, and fails where the server accepts no more, which is how a drain begins.
 * Nothing public tells that a server is one of these:
 * https://github.com/hunterloftis/stoppable/blob/v1.1.0/lib/stoppable.js
 *
 * From here on its `stop` cuts nothing off, and calls back when the drain has let go of the last connection.
 *
 * Fallback: a server that does not look like this stays as it is.
 */
export function leaveToDrain(server: Server & Stoppable): void {
  const { close, stop, _pendingSockets: sockets } = server
  if (!(sockets instanceof Map) || typeof stop !== 'function' || Object.hasOwn(sockets, 'forEach')) return
  sockets.forEach = () => {}
  server.close = (callback) =>
    close.call(server, callback && ((error) => callback(isClosed(error) ? undefined : error)))
  // It tells whether it has destroyed any.
  server.stop = (callback) => stop.call(server, callback && ((error) => callback(error, true)))
}

function isClosed(error: NodeJS.ErrnoException | undefined): boolean {
  return error?.code === 'ERR_SERVER_NOT_RUNNING'
}
