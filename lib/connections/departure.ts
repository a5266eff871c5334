import type { Socket } from 'node:net'
import { type ConnectionHandle, keepHandle, readOn } from '../internals/connection-handle.js'
import type { GiverOutcome, GiverWord } from '../protocol/connection.js'
import type { FromGiver, Life, MovingConnection } from '../protocol/connection-messages.js'
import type { Candidate } from './candidates.js'
import { type Gift, Giving, type Patience } from './giving.js'
import type { KeptConnection } from './kept.js'
import type { Arrival } from './websocket-upgrade.js'
import type { WebSockets } from './websockets.js'

/** Everything needed to give connections to another process. */
export interface Passage {
  upgraded: WebSockets
  /** Sends to the other process; rejects when what was given is certainly not sent. */
  send(message: FromGiver, handle?: ConnectionHandle): Promise<unknown>
  /** For how long a connection that has itself been moved here may stay silent; see `Arrived`. */
  timeLeft(socket: Socket): number | undefined
  /** Under which number a connection came from the process that it is given to. */
  was?: ((socket: Socket) => number | undefined) | undefined
  /** Keeps this process's copy of a connection that has moved. Undefined: there is no use for one. */
  keep?: ((id: number, connection: KeptConnection) => void) | undefined
  /** See {@link Gift}. Undefined: the channel ends with the other process. */
  isOutOfReach?: (() => boolean) | undefined
}

/** The number of a connection, and how many that follow are answered with it. */
export type Numbers = Pick<MovingConnection, 'id'> & { readonly rest: number }

/** One connection on its way to another process. */
export class Departure implements Gift {
  readonly candidate: Candidate
  /** Resolves when it is known who has the connection. */
  readonly outcome: Promise<GiverOutcome>
  readonly #id: number
  readonly #rest: number
  readonly #passage: Passage
  readonly #onSilence: () => void
  readonly #giving: Giving
  readonly #onClose = () => this.#giving.tell({ type: 'closed' })
  #isForgotten = false
  #isNoted = false
  /** How it goes on, as it was when it was offered. */
  #life: Life | undefined
  /** The state of a WebSocket, at the moment of its release. */
  #arrival: Arrival | undefined
  #conclude!: (outcome: GiverOutcome) => void

  /** @param onSilence - called when the other process does not answer soon */
  constructor(
    { id, rest }: Numbers,
    candidate: Candidate,
    passage: Passage,
    patience: Patience,
    onSilence: () => void
  ) {
    this.#id = id
    this.#rest = rest
    this.candidate = candidate
    this.#passage = passage
    this.#onSilence = onSilence
    this.outcome = new Promise((resolve) => {
      this.#conclude = resolve
    })
    candidate.socket.once('close', this.#onClose)
    this.#giving = new Giving(this.#isWebSocket ? 'websocket' : 'http', patience, this)
  }

  /** Whether the other process owes no answer about it any more. */
  get isForgotten(): boolean {
    return this.#isForgotten
  }

  /** @param isNoted - whether what is read from it will be known if the other process crashes */
  answered(isTaken: boolean, isNoted: boolean): void {
    this.#isNoted = isNoted
    this.#giving.answered(isTaken)
  }

  /** Nothing is to move any more. */
  stop(): void {
    this.#giving.tell({ type: 'stop' })
  }

  /** The other process has ended, and this one has read all its messages; or no message can reach it any more. */
  otherGone(isOutOfReach: boolean): void {
    this.#giving.tell({ type: isOutOfReach ? 'taker out of reach' : 'taker ended' })
  }

  offer(): Promise<unknown> {
    const { socket, handle } = this.candidate
    const { upgraded, send, was } = this.#passage
    const upgrade = this.#isWebSocket ? upgraded.upgradeOf(socket) : undefined
    this.#life = this.#lifeNow()
    return send(
      { type: 'connection', id: this.#id, rest: this.#rest, upgrade, was: was?.(socket), ...this.#life },
      handle
    )
  }

  say(word: GiverWord): Promise<unknown> {
    if (word === 'sent') this.#onSilence()
    if (word === 'released')
      return this.#passage.send({ type: 'connection released', id: this.#id, arrival: this.#arrival })
    return this.#passage.send({ type: `connection ${word}`, id: this.#id })
  }

  /** The app writes to a WebSocket when it likes, and has its say about what goes along. */
  isAtRest(): boolean {
    if (!this.#isWebSocket) return true
    this.#arrival = this.#passage.upgraded.pack(this.candidate.socket)
    return this.#arrival !== undefined
  }

  readOn(): void {
    const { socket, handle } = this.candidate
    if (!socket.destroyed) readOn(handle)
  }

  letGo(): void {
    const { socket, group } = this.candidate
    group.connections.give(socket)
    // Asked once, a socket knows its addresses after its end too, as hooks that run after the response expect.
    void [socket.remoteAddress, socket.localAddress]
    if (this.#arrival !== undefined) this.#passage.upgraded.release(socket)
    else if (this.#isNoted && this.#passage.keep !== undefined) this.#keep(this.#passage.keep)
    // Closes this process's descriptor; no FIN, no shutdown: libuv, uv__stream_close.
    else socket.destroy()
  }

  isOutOfReach(): boolean {
    return this.#passage.isOutOfReach?.() === true
  }

  concluded(outcome: GiverOutcome): void {
    this.candidate.socket.removeListener('close', this.#onClose)
    this.#conclude(outcome)
  }

  forgotten(): void {
    this.#isForgotten = true
  }

  #keep(keep: NonNullable<Passage['keep']>): void {
    const handle = keepHandle(this.candidate.socket)
    if (handle !== undefined && this.#life !== undefined) keep(this.#id, { ...this.#life, handle })
  }

  #lifeNow(): Life {
    const { group, socket } = this.candidate
    const left = this.#passage.timeLeft(socket)
    const used = socket.bytesRead > 0 || left !== undefined
    return { index: group.index, used, timeLeft: left ?? socket.timeout ?? 0 }
  }

  get #isWebSocket(): boolean {
    const { group, socket } = this.candidate
    return group.connections.isUpgraded(socket)
  }
}
