import type { Target } from './connection.js'
import { type Closing, WebSocketClient } from './websocket.js'

/** What a client of the route `/ws/login` of websocket.cjs receives. */
interface Word {
  hello?: string
  said?: string
  event?: string
  generation?: number
}

/** A client that logs in by its first message, and connects again when it is closed. */
export class LoginClient {
  /** How each of its connections ended, so far. */
  readonly closings: Closing[] = []
  readonly events: string[] = []
  readonly #target: Target
  readonly #path: string
  readonly #name: string
  readonly #words: Word[] = []
  readonly #waiting: Array<() => void> = []
  #client: WebSocketClient | undefined
  #isOver = false

  private constructor(target: Target, path: string, name: string) {
    this.#target = target
    this.#path = path
    this.#name = name
  }

  static async open(target: Target, path: string, name: string): Promise<LoginClient> {
    const client = new LoginClient(target, path, name)
    await client.#connect()
    return client
  }

  /** Says something, and waits for the answer. */
  async say(said: string): Promise<Word> {
    this.#client?.socket.send(JSON.stringify({ say: said }))
    return this.#word((word) => word.said === said)
  }

  /** Waits until a generation has greeted it, or answered. */
  async reached(generation: number): Promise<void> {
    await this.#word((word) => (word.generation ?? 0) >= generation)
  }

  /** Waits for an event. */
  async heard(event: string): Promise<void> {
    await this.#word((word) => word.event === event)
  }

  async close(): Promise<void> {
    this.#isOver = true
    await this.#client?.close()
  }

  async #connect(): Promise<void> {
    const client = await WebSocketClient.open(this.#target, this.#path)
    this.#client = client
    client.socket.on('message', (data) => {
      const word = JSON.parse(String(data)) as Word
      this.#words.push(word)
      if (word.event !== undefined) this.events.push(word.event)
      for (const wake of this.#waiting.splice(0)) wake()
    })
    void client.closed.then((closing) => {
      this.closings.push(closing)
      if (!this.#isOver) void this.#connect()
    })
    client.socket.send(JSON.stringify({ login: this.#name }))
    await this.#word((word) => word.hello === this.#name)
  }

  async #word(isMeant: (word: Word) => boolean): Promise<Word> {
    for (;;) {
      const word = this.#words.findLast(isMeant)
      if (word !== undefined) return word
      await new Promise<void>((resolve) => this.#waiting.push(resolve))
    }
  }
}
