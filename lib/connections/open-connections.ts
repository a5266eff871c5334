import type { ServerResponse } from 'node:http'
import type { ServerHttp2Session } from 'node:http2'
import type { Server, Socket } from 'node:net'

/** The open connections of one server, as those who end or move them see them. */
export interface OpenConnections {
  readonly server: Server
  /** What HTTP is spoken on: for TLS the sockets inside, else the connections themselves. */
  readonly open: ReadonlySet<Socket>
  /** TLS connections whose handshake is not over. */
  readonly handshaking: ReadonlySet<Socket>
  /** HTTP/2 sessions, each with the connection that it has to itself; it is one of {@link open}. */
  readonly sessions: ReadonlyMap<ServerHttp2Session, Socket>
  /** Whether this server speaks HTTP/1.1, so that requests and idle connections can be told. */
  readonly isHttp: boolean
  readonly size: number
  /** Whether what is spoken here can go on in another process: HTTP/1.1 without TLS. */
  readonly canMove: boolean
  /** Whether the app listens to `connection` itself, as for the PROXY protocol: what it does there cannot be done again. */
  readonly hasForeignListeners: boolean
  /** The connections on which nothing is under way at this moment. */
  idle(): Socket[]
  /** Whether nothing has ever been received on a connection. */
  isUnused(socket: Socket): boolean
  /** Whether a connection belongs to an HTTP/2 session. */
  isHttp2(socket: Socket): boolean
  /** Whether another protocol has taken the connection over, such as WebSocket. */
  isUpgraded(socket: Socket): boolean
  /** The responses under way that can be told without having followed each request: the first one of each connection. */
  responses(): Array<[Socket, ServerResponse]>
  /** Calls back whenever a connection has closed, until the returned function is called. */
  onClosed(callback: () => void): () => void
}
