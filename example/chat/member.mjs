import WebSocket from 'ws'

/** A client of the chat. It numbers its messages, and keeps what it receives. */
export class Member {
  received = []
  said = 0
  isClosed = false
  #socket

  constructor(url, name, onEntry = (_entry) => {}) {
    this.name = name
    this.#socket = new WebSocket(`${url}?name=${name}`, { perMessageDeflate: false })
    this.#socket.on('message', (data) => {
      const entry = JSON.parse(String(data))
      this.received.push(entry)
      onEntry(entry)
    })
    this.#socket.on('close', () => {
      this.isClosed = true
    })
    this.ready = new Promise((resolve) => this.#socket.on('open', resolve))
  }

  say() {
    this.said += 1
    this.#socket.send(JSON.stringify({ number: this.said, text: `message ${this.said}` }))
  }

  leave() {
    this.#socket.close(1000)
  }

  /** Whether it has received all messages of another member, or of its own. */
  hasAllOf({ name, said }) {
    return this.received.filter(({ by }) => by === name).length === said
  }

  /** Whether nothing is missing or has come twice. The bus numbers what happens in a room. */
  get isInOrder() {
    return this.received.every(({ seq }, index) => seq === this.received[0].seq + index)
  }
}
