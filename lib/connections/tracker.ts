import { createServer, type Server as HttpServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { ServerHttp2Session } from 'node:http2'
import type { Server, Socket } from 'node:net'
import { isBetweenRequests } from '../internals/http-parser.js'
import { connectionBelow, currentResponse, idleConnections } from '../internals/http1.js'
import { openStreams } from '../internals/http2.js'
import { Counter } from '../metrics/counter.js'
import { begins, watchRequests } from './age.js'
import { beforeUpgrade } from './upgrade-listener.js'

/**
 * The open connections of one server. Between two reloads this costs one listener per connection, and for a request the
 * note of when it began: what is in progress is only looked up when somebody wants to know.
 */
export class Connections {
  readonly server: Server
  /** The sockets that carry HTTP: for TLS the inner ones, else the connections themselves. */
  readonly open = new Set<Socket>()
  /** TLS connections whose handshake is not over. */
  readonly handshaking = new Set<Socket>()
  /** HTTP/2 sessions, each with the connection that it has to itself; it is one of {@link open}. */
  readonly sessions = new Map<ServerHttp2Session, Socket>()
  /** How many connections the server has been given so far. */
  opened = 0
  readonly #upgraded = new WeakSet<Socket>()
  readonly #http2 = new WeakSet<Socket>()
  readonly #closedCallbacks = new Set<() => void>()
  readonly #onConnection: (socket: Socket) => void
  /** Connections that have moved to another process: their sockets end here, the connections do not. */
  readonly #given = new WeakSet<Socket>()
  readonly #counter: Counter
  #newest: Socket | undefined

  /**
   * @param upgrading - called before another protocol takes a connection over
   * @param counter - counts what is opened and closed
   */
  constructor(server: Server, upgrading: (request: IncomingMessage, socket: Socket) => void, counter = new Counter()) {
    this.server = server
    this.#counter = counter
    watchRequests()
    const secure = isSecure(server)
    this.#onConnection = (socket) => {
      counter.opens()
      this.opened += 1
      this.#follow(socket, secure ? this.handshaking : this.open)
    }
    server.prependListener('connection', this.#onConnection)
    if (secure) server.prependListener('secureConnection', (socket: Socket) => this.#secured(socket))
    server.prependListener('session', (session: ServerHttp2Session) => this.#begin(session))
    const onUpgrade = (request: IncomingMessage, socket: Socket) => {
      this.#upgraded.add(socket)
      begins(socket)
      upgrading(request, socket)
    }
    if (this.isHttp) beforeUpgrade(server, onUpgrade)
  }

  /** Whether this server speaks HTTP/1.1, so that this process can see which connections are idle. */
  get isHttp(): boolean {
    return typeof (this.server as Partial<HttpServer>).closeIdleConnections === 'function'
  }

  /** Whether what is spoken here can go on in another process: HTTP/1.1 without TLS. */
  get canMove(): boolean {
    return this.isHttp && !isSecure(this.server)
  }

  /**
   * Whether the app listens to `connection` itself, as for the PROXY protocol: what it does there cannot be done again.
   */
  get hasForeignListeners(): boolean {
    // Node's own is one function for all servers: https://github.com/nodejs/node/blob/v24.0.0/lib/_http_server.js
    // (connectionListener).
    // A count would not do: what reads the PROXY protocol puts its listener in the place of that one.
    const known = new Set<unknown>([this.#onConnection, ...createServer().listeners('connection')])
    return this.server.listeners('connection').some((listener) => !known.has(listener))
  }

  get size(): number {
    return this.open.size + this.handshaking.size
  }

  /** How many have been taken over by another protocol, such as WebSocket. */
  get upgraded(): number {
    return [...this.open].filter((socket) => this.isUpgraded(socket)).length
  }

  /** How many requests are in progress. */
  get requests(): number {
    const streams = [...this.sessions.keys()].reduce((all, session) => all + openStreams(session).length, 0)
    return this.responses().length + streams
  }

  /** Lets connections in that have been opened in another process: they do not count as opened here. */
  bring<T>(accept: () => T): T {
    return this.#counter.bring(accept)
  }

  /** A connection goes on in another process: its end here is none. */
  give(socket: Socket): void {
    this.#given.add(socket)
  }

  /** Calls back whenever a connection has closed, until the returned function is called. */
  onClosed(callback: () => void): () => void {
    this.#closedCallbacks.add(callback)
    return () => this.#closedCallbacks.delete(callback)
  }

  /**
   * The connections on which nothing is in progress at this moment: no request, no half of one, no response that is not
   * yet with the kernel.
   */
  idle(): Socket[] {
    if (!this.isHttp) return []
    const noted = this.#noted()
    return [...this.open].filter((socket) => (noted.has(socket) || this.isUnused(socket)) && this.#isQuiet(socket))
  }

  /** Whether that is so of one of them, at less cost than of all. */
  isIdle(socket: Socket): boolean {
    if (!this.isHttp || !this.#isQuiet(socket)) return false
    return this.isUnused(socket) || (isBetweenRequests(socket) ?? this.#noted().has(socket))
  }

  /**
   * Whether nothing has ever been received on a connection. Node before 26.4 does not count such a connection as idle.
   */
  isUnused(socket: Socket): boolean {
    return socket.bytesRead === 0 && !this.#upgraded.has(socket)
  }

  /** Whether another protocol has taken the connection over, such as WebSocket. */
  isUpgraded(socket: Socket): boolean {
    return this.#upgraded.has(socket)
  }

  /** Whether a connection belongs to an HTTP/2 session. */
  isHttp2(socket: Socket): boolean {
    return this.#http2.has(socket)
  }

  /**
   * The responses in progress that are known without having followed each request: the first one of each connection.
   */
  responses(): Array<[Socket, ServerResponse]> {
    return [...this.open].flatMap((socket): Array<[Socket, ServerResponse]> => {
      const response = currentResponse(socket)
      return response === undefined || this.isUpgraded(socket) ? [] : [[socket, response]]
    })
  }

  #noted(): Set<Socket> {
    return idleConnections(this.server as HttpServer, this.open)
  }

  #isQuiet(socket: Socket): boolean {
    return (
      !socket.destroyed &&
      socket.writableLength === 0 &&
      currentResponse(socket) === undefined &&
      !this.isUpgraded(socket) &&
      !this.isHttp2(socket)
    )
  }

  #follow(socket: Socket, group: Set<Socket>): void {
    group.add(socket)
    begins(socket)
    this.#newest = socket
    socket.once('close', () => {
      if (group.delete(socket)) this.#counter.closes(this.#given.has(socket))
      for (const callback of this.#closedCallbacks) callback()
    })
  }

  /**
   * A session does not say whose it is, but it begins while its connection is announced: lib/internal/http2/core.js,
   * connectionListener.
   */
  #begin(session: ServerHttp2Session): void {
    const socket = this.#newest
    if (socket === undefined) return
    this.#newest = undefined
    this.sessions.set(session, socket)
    this.#http2.add(socket)
    session.on('stream', begins)
    session.once('close', () => this.sessions.delete(session))
  }

  #secured(socket: Socket): void {
    const below = connectionBelow(socket)
    if (below !== undefined) this.handshaking.delete(below)
    this.#follow(socket, this.open)
  }
}

/**
 * tls.Server, and so https and secure http2, emit `secureConnection`. They are recognized by a method that only they
 * have.
 */
function isSecure(server: Server): boolean {
  return typeof (server as { setSecureContext?: unknown }).setSecureContext === 'function'
}
