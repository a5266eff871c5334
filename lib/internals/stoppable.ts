import type { Server } from 'node:net'

/**
 * A server of `stoppable`, which `@godaddy/terminus` uses as well. Its `stop` destroys each connection after a time of its own, which is a
 * second in terminus, and fails where the server accepts no more, which is how a drain begins. Nothing public tells that a server is one
 * of these: https://github.com/hunterloftis/stoppable/blob/v1.1.0/lib/stoppable.js
 *
 * From here on its `stop` cuts nothing, and calls back when the drain has let go of the last connection.
 *
 * Fallback: a server that does not look like this stays as it is.
 */
export function leaveToDrain(server: Server): void {
  const sockets = (server as { _pendingSockets?: unknown })._pendingSockets
  if (!(sockets instanceof Map) || Object.hasOwn(sockets, 'forEach')) return
  sockets.forEach = () => {}
  const { close } = server
  server.close = (callback) =>
    close.call(server, callback && ((error) => callback(isClosed(error) ? undefined : error)))
}

function isClosed(error: NodeJS.ErrnoException | undefined): boolean {
  return error?.code === 'ERR_SERVER_NOT_RUNNING'
}
