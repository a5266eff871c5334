import type { IncomingMessage } from 'node:http'
import type { Server, Socket } from 'node:net'

type UpgradeListener = (request: IncomingMessage, socket: Socket) => void

/**
 * Calls `listener` for each connection that another protocol takes over, before the listener that takes it. Only while
 * there is such a listener: to a server with a listener of `upgrade`, and be it this one alone, Node leaves the
 * requests that merely offer an upgrade, as `curl --http2` does, which otherwise are answered like any other.
 * https://nodejs.org/api/http.html#event-upgrade_1
 */
export function beforeUpgrade(server: Server, listener: UpgradeListener): void {
  const others = () => server.listeners('upgrade').filter((other) => other !== listener).length
  const adapt = (event: string | symbol, added: number) => {
    if (event !== 'upgrade') return
    const isListening = server.listeners('upgrade').includes(listener)
    if (others() + added > 0 && !isListening) server.prependListener('upgrade', listener)
    if (others() + added === 0 && isListening) server.removeListener('upgrade', listener)
  }
  adapt('upgrade', 0)
  // Emitted before the new one is there, and after the old one has gone.
  server.on('newListener', (event, added) => added !== listener && adapt(event, 1))
  server.on('removeListener', (event, removed) => removed !== listener && adapt(event, 0))
}
