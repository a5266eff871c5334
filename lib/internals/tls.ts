import { createHash } from 'node:crypto'
import type { Server } from 'node:tls'

interface TlsServerInternals {
  /** Option of the same name: https://nodejs.org/api/tls.html#tlscreateserveroptions-secureconnectionlistener */
  sessionIdContext?: unknown
  /** Likewise; undefined unless the app manages the keys. */
  ticketKeys?: unknown
  _sharedCreds?: { context?: { setSessionIdContext?(context: string): void } }
}

/**
 * The context in which a server's sessions are valid. No public name tells it, and a client that resumes a session in
 * another one is refused: https://docs.openssl.org/3.0/man3/SSL_CTX_set_session_id_context/
 *
 * Fallback: undefined; sessions are resumed only if parent and child were started with the same path.
 */
export function sessionContext(server: Server): string | undefined {
  const { sessionIdContext } = server as TlsServerInternals
  return typeof sessionIdContext === 'string' ? sessionIdContext : undefined
}

/**
 * Makes the sessions of another process valid here, unless the app has named a context itself. Node's default is made
 * of `process.argv`, and that changes when a process is started again through a link: lib/internal/tls/wrap.js,
 * setSecureContext.
 *
 * Fallback: nothing happens; see {@link sessionContext}.
 */
export function adoptSessionContext(server: Server, context: string): void {
  const internals = server as TlsServerInternals
  const byDefault = createHash('sha1').update(process.argv.join(' ')).digest('hex').slice(0, 32)
  const native = internals._sharedCreds?.context
  if (internals.sessionIdContext !== byDefault || typeof native?.setSessionIdContext !== 'function') return
  native.setSessionIdContext(context)
  internals.sessionIdContext = context
}

/** Whether the app gave the server keys for its session tickets. Fallback: false. */
export function hasOwnTicketKeys(server: Server): boolean {
  return (server as TlsServerInternals).ticketKeys !== undefined
}
