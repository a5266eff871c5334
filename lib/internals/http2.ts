import type { Http2ServerRequest, ServerHttp2Session, ServerHttp2Stream } from 'node:http2'
import type { Socket } from 'node:net'
import { connectionHandle } from './connection-handle.js'

/** The touches of undocumented Node that leaving an HTTP/2 session needs. Each has a fallback that only tells less. */

/** GOAWAY on stream 0 with the last stream 2^31-1 and NO_ERROR: https://www.rfc-editor.org/rfc/rfc9113#section-6.8 */
const SHUTDOWN_NOTICE = Buffer.from([0, 0, 8, 7, 0, 0, 0, 0, 0, 0x7f, 0xff, 0xff, 0xff, 0, 0, 0, 0])

/**
 * Tells a client to begin no more streams, while those that are on their way are still served.
 *
 * `session.goaway(0, 2 ** 31 - 1)` looks like the public way, but Node has no `nghttp2_submit_shutdown_notice`: after
 * any other GOAWAY nghttp2 ignores each new stream (`session_allow_incoming_new_stream` in lib/nghttp2_session.c), and
 * stops to read when none is open. So the frame is written beside the session. That is safe on TCP and pipes, where the
 * session writes whole frames (src/node_http2.cc, SendPendingData) and libuv keeps the order of writes, and once the
 * session's SETTINGS are out, which must be the first frame. A TLS stream takes one write at a time and ends the
 * process over a second one (src/crypto/crypto_tls.cc, `CHECK(!current_write_)`).
 *
 * Returns whether it was sent. Fallback: not sent.
 */
export function sendShutdownNotice(session: ServerHttp2Session, socket: Socket): boolean {
  if (session.destroyed || connectionHandle(socket) === undefined || !socket.writable) return false
  socket.write(SHUTDOWN_NOTICE)
  return true
}

/** An open stream and its request, which is undefined for an app that uses streams without requests. */
export interface OpenStream {
  stream: ServerHttp2Stream
  request: Http2ServerRequest | undefined
}

/**
 * The open streams. The public events report only streams that begin later, and a listener for each stream would cost
 * time between two reloads.
 *
 * Fallback: none; then a forced drain does not name the streams that it cut off.
 */
export function openStreams(session: ServerHttp2Session): OpenStream[] {
  const state = hidden(session, 'state') as { streams?: Map<number, ServerHttp2Stream> } | undefined
  // No `instanceof Map`: Node's own maps have no prototype.
  if (typeof state?.streams?.values !== 'function') return []
  return [...state.streams.values()].map((stream) => {
    const request = hidden(stream, 'request') as Http2ServerRequest | null | undefined
    return { stream, request: request ?? undefined }
  })
}

function hidden(object: object, description: string): unknown {
  const symbol = Object.getOwnPropertySymbols(object).find((each) => each.description === description)
  return symbol && (object as Record<symbol, unknown>)[symbol]
}
