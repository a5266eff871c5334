/** The line of one client: its connection, piece by piece, each with the generation that answers on it. */
export class Lane {
  /** What a WebSocket has counted. */
  count
  #pieces = []
  #open
  #kind
  #now
  #onLost

  constructor(kind, now, onLost) {
    this.#kind = kind
    this.#now = now
    this.#onLost = onLost
  }

  opened() {
    this.#begin(undefined)
  }

  /** The generation may have changed. Then the line goes on in another colour. */
  answered(generation) {
    if (this.#open === undefined) return
    this.#open.generation ??= generation
    if (this.#open.generation === generation) return
    this.#open.to = this.#now()
    this.#begin(generation)
  }

  /** The server, and not the client, has ended the connection. */
  lost() {
    if (this.#open === undefined) return
    Object.assign(this.#open, { to: this.#now(), lost: true })
    this.#open = undefined
    this.#onLost()
  }

  forget(oldest) {
    this.#pieces = this.#pieces.filter(({ to }) => to === undefined || to >= oldest)
  }

  toJSON() {
    return { kind: this.#kind, isOpen: this.#open !== undefined, count: this.count, pieces: this.#pieces }
  }

  #begin(generation) {
    this.#open = { from: this.#now(), to: undefined, generation, lost: false }
    this.#pieces.push(this.#open)
  }
}
