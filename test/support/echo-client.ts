import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import { within } from './limit.js'

/** A client of an echo service, on one connection that it never opens again. */
export class EchoClient {
  /** All the data that has come back. */
  received = ''
  /** Resolves when the server has ended its side, or the connection has failed. */
  readonly ended: Promise<'by the server' | NodeJS.ErrnoException>
  /** The port of this side. The log of the server names it. */
  readonly port: number | undefined
  readonly #socket: Socket
  #check = () => {}

  private constructor(socket: Socket) {
    this.port = socket.localPort
    this.#socket = socket.setEncoding('utf8').setNoDelay()
    socket.on('data', (text: string) => {
      this.received += text
      this.#check()
    })
    this.ended = new Promise((resolve) => {
      socket.once('error', resolve)
      socket.once('end', () => resolve('by the server'))
    })
  }

  /** @throws {Error} when the connection is refused */
  static async open(port: number): Promise<EchoClient> {
    // It closes its own side when the server has ended the other one.
    const socket = connect({ port, host: '127.0.0.1' })
    await within(once(socket, 'connect'), 'connection to the echo service')
    return new EchoClient(socket)
  }

  send(text: string): void {
    this.#socket.write(text)
  }

  /** Ends this side; what comes back is still read. */
  finish(): void {
    this.#socket.end()
  }

  close(): void {
    this.#socket.destroy()
  }

  /** Sends a line; returns whether it has come back. If it has not, the server has ended the connection before. */
  async echoes(line: string): Promise<boolean> {
    const expected = `${this.received}${line}\n`
    this.send(`${line}\n`)
    return this.gets(expected)
  }

  /**
   * Waits until this has come back, all in all. Returns false when the server has ended the connection before.
   *
   * @throws {Error} when something else came back, or the connection has failed
   */
  async gets(expected: string): Promise<boolean> {
    const settled = new Promise<boolean>((resolve, reject) => {
      this.#check = () => {
        if (this.received === expected) resolve(true)
        else if (!expected.startsWith(this.received)) reject(new Error(`got ${JSON.stringify(this.received)}`))
      }
      this.#check()
      void this.ended.then((how) => {
        if (how === 'by the server') resolve(this.received === expected)
        else reject(how)
      })
    })
    return within(settled, `echo of ${JSON.stringify(expected.slice(-40))}`)
  }
}
