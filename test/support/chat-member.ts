import WebSocket from 'ws'

/** What a member of example/chat hears. */
interface Entry {
  seq: number
  by?: string
  number?: number
  joined?: string
  left?: string
}

/**
 * A member of a room. It sends one number after the other, each when the one before has come back, and reconnects
 * when closed.
 */
export class ChatMember {
  /** What came and was not the next entry of the room, or not what was said next. */
  readonly wrong: string[] = []
  /** With which codes its connections ended before it left. */
  readonly closings: number[] = []
  readonly joined: string[] = []
  readonly left: string[] = []
  /** How many of its own messages it has received. */
  said = 0
  readonly #url: string
  readonly #name: string
  readonly #pause: number
  readonly #heard = new Map<string, number>()
  readonly #waiting: Array<() => void> = []
  #seen = 0
  #socket: WebSocket
  #isOver = false

  /** @param pause - of the member between two messages, which is its pace and no wait for the server. Milliseconds */
  constructor(port: number, room: string, name: string, pause: number) {
    this.#url = `ws://localhost:${port}/chat/${room}?name=${name}`
    this.#name = name
    this.#pause = pause
    this.#socket = this.#connect()
  }

  /** Waits until it has received so many more of its own messages. */
  async saidMore(count: number): Promise<void> {
    const goal = this.said + count
    await this.until(() => this.said >= goal)
  }

  /** Waits until something is true, which is looked at with each entry. */
  async until(isTrue: () => boolean): Promise<void> {
    while (!isTrue()) await new Promise<void>((resolve) => this.#waiting.push(resolve))
  }

  /** Leaves for good. */
  leave(): void {
    this.#isOver = true
    this.#socket.close(1000)
  }

  #connect(): WebSocket {
    const socket = new WebSocket(`${this.#url}&after=${this.#seen}`, { perMessageDeflate: false })
    socket.on('open', () => this.#say())
    socket.on('message', (data) => this.#hear(JSON.parse(String(data)) as Entry))
    socket.on('error', () => {})
    socket.on('close', (code) => {
      if (this.#isOver) return
      this.closings.push(code)
      this.#socket = this.#connect()
    })
    return socket
  }

  /** The bus ignores messages that it already has. */
  #say(): void {
    if (this.#isOver || this.#socket.readyState !== WebSocket.OPEN) return
    const number = this.said + 1
    this.#socket.send(JSON.stringify({ number, text: `${number} of ${this.#name}` }))
  }

  #hear({ seq, by, number = 0, joined, left }: Entry): void {
    if (seq !== this.#seen + 1) this.wrong.push(`entry ${seq} after ${this.#seen}`)
    this.#seen = seq
    if (joined !== undefined) this.joined.push(joined)
    if (left !== undefined) this.left.push(left)
    if (by !== undefined) {
      const expected = (this.#heard.get(by) ?? 0) + 1
      if (number !== expected) this.wrong.push(`${number} of ${by} in place of ${expected}`)
      this.#heard.set(by, number)
    }
    if (by === this.#name) {
      this.said = number
      setTimeout(() => this.#say(), this.#pause)
    }
    for (const wake of this.#waiting.splice(0)) wake()
  }
}
