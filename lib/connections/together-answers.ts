/** How long an answer may wait for the others, one of which may have been lost on the way. Milliseconds. */
const LONGEST_WAIT = 5

/** The numbers of the connections that are answered together. */
type Ids = [number, ...number[]]

/** Collects the answers about connections that come together: a message costs both processes more than what it says. */
export class TogetherAnswers {
  readonly #send: (ids: Ids) => Promise<unknown>
  readonly #longestWait: number
  #waiting: { readonly ids: Ids; readonly sent: Promise<unknown>; readonly send: () => void } | undefined

  /** @param send - resolves once the answer is in the channel, and with false when it cannot be sent */
  constructor(send: (ids: Ids) => Promise<unknown>, longestWait = LONGEST_WAIT) {
    this.#send = send
    this.#longestWait = longestWait
  }

  /**
   * Answers for one connection, with the others. Resolves as `send` does.
   *
   * @param rest - how many are still to come; default: none
   */
  taken(id: number, rest = 0): Promise<unknown> {
    if (this.#waiting === undefined) this.#waiting = this.#begin(id)
    else this.#waiting.ids.push(id)
    const { sent } = this.#waiting
    if (rest === 0) this.flush()
    return sent
  }

  /** Sends what waits: nothing follows that could be answered with it. */
  flush(): void {
    const waiting = this.#waiting
    this.#waiting = undefined
    waiting?.send()
  }

  #begin(id: number) {
    const ids: Ids = [id]
    const timer = setTimeout(() => this.flush(), this.#longestWait)
    let send!: () => void
    const sent = new Promise<unknown>((resolve) => {
      send = () => {
        clearTimeout(timer)
        resolve(this.#send(ids))
      }
    })
    return { ids, sent, send }
  }
}
