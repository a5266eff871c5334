import type { ConnectionHandle } from '../internals/connection-handle.js'
import { endKept, type KeptInput } from '../protocol/connection-kept.js'
import type { Life } from '../protocol/connection-messages.js'
import { guarded } from '../util/guarded.js'
import { visitInSlices } from '../util/slices.js'
import type { RequestRegister } from './request-register.js'

/** A connection that has moved, with this process's copy of it. */
export interface KeptConnection extends Omit<Life, 'timeLeft'> {
  /** Undefined: as long as after any answer. Milliseconds. */
  readonly timeLeft: number | undefined
  readonly handle: ConnectionHandle
}

/** Serves a connection again. Returns whether it does. */
type Serve = (connection: KeptConnection) => boolean

/** How long to end copies at a time. Milliseconds. */
const SLICE = 1

const cannot: Serve = () => false

/**
 * Copies of the connections that have moved to a child on probation. If the child crashes, those live on here on which
 * it had no request in progress.
 */
export class Kept {
  readonly #register: RequestRegister
  readonly #connections = new Map<number, KeptConnection>()
  #latest = 0
  #isOver = false

  constructor(register: RequestRegister) {
    this.#register = register
  }

  /** A connection has moved with this number. Its copy is this object's from now on. */
  add(id: number, connection: KeptConnection): void {
    this.#connections.set(id, connection)
    this.#latest = Math.max(this.#latest, id)
    if (this.#isOver) this.#end(id, { type: 'settled' })
  }

  /** The child has closed these. */
  closed(ids: readonly number[]): void {
    for (const id of ids) this.#end(id, { type: 'closed' })
  }

  /** This one has come back. */
  givenBack(id: number): void {
    this.#end(id, { type: 'given back' })
  }

  /** The child has them for good. */
  release(): void {
    this.#close()
    this.#endAll((id) => this.#end(id, { type: 'settled' }))
  }

  /** The child has ended, and this process has read all its messages; or no message can reach it any more. */
  childGone(isOutOfReach: boolean, serve: Serve): void {
    if (this.#isOver) return
    const notedOf = this.#register.read(this.#latest)
    this.#close()
    this.#endAll((id, connection) => {
      const noted = notedOf(id)
      // Its keep-alive time began again with its last answer there.
      if (noted === 'answered') this.#connections.set(id, { ...connection, used: true, timeLeft: undefined })
      const inProgress = noted === 'in progress'
      this.#end(id, isOutOfReach ? { type: 'taker out of reach' } : { type: 'taker ended', inProgress }, serve)
    })
  }

  /**
   * There may be thousands, while others are served. Until its turn has come, what a client sends waits in the kernel.
   */
  #endAll(end: (id: number, connection: KeptConnection) => void): void {
    void visitInSlices(this.#connections, SLICE, ([id, connection]) => guarded(() => end(id, connection)))
  }

  #end(id: number, input: KeptInput, serve = cannot): void {
    const connection = this.#connections.get(id)
    if (connection === undefined) return
    this.#connections.delete(id)
    if (endKept(input) !== 'serve' || !serve(connection)) connection.handle.close()
  }

  #close(): void {
    if (!this.#isOver) this.#register.close()
    this.#isOver = true
  }
}
