import type { Server } from 'node:net'
import type { Server as TlsServer } from 'node:tls'
import { adoptSessionContext, hasOwnTicketKeys, sessionContext } from '../internals/tls.js'
import type { TicketKeys } from '../protocol/messages.js'

/**
 * What a child needs to resume the sessions that its parent began, with the index under which it knows the server;
 * nothing for servers without TLS: https://nodejs.org/api/tls.html#servergetticketkeys
 */
export function ticketKeysOf(server: Server, index: number): Array<[index: number, keys: TicketKeys]> {
  return isTls(server) ? [[index, { keys: server.getTicketKeys(), context: sessionContext(server) }]] : []
}

/** Gives a TLS server the ticket keys of its predecessor, unless the app manages its keys itself. */
export function setTicketKeys(server: Server, { keys, context }: TicketKeys): void {
  if (!isTls(server)) return
  if (!hasOwnTicketKeys(server)) server.setTicketKeys(Buffer.from(keys))
  if (context !== undefined) adoptSessionContext(server, context)
}

function isTls(server: Server): server is TlsServer {
  return typeof (server as Partial<TlsServer>).setTicketKeys === 'function'
}
