import { once } from 'node:events'
import { createServer, type Server, type Socket } from 'node:net'
import { createInterface } from 'node:readline'
import { within } from './limit.js'

/** What a test can tell a process of the fixture; see `commands` in test/fixtures/app.cjs. */
export type Command =
  | { command: 'release'; name: string }
  | { command: 'close'; index?: number }
  | { command: 'stop'; reason?: string }
  | { command: 'reload'; reason?: string }
  | { command: 'rollback'; reason: string; standStillUntil?: string }
  | { command: 'exit'; code: number }
  | { command: 'throw'; message: string }
  | { command: 'block'; until: string }
  | { command: 'phase' }
  | { command: 'echo'; id: number }

/** Where every process of the fixture reports and takes commands, independent of its listeners. */
export class Control {
  readonly path: string
  #server: Server
  #sockets = new Map<number, Socket>()
  #waiting = new Map<number, Array<(socket: Socket) => void>>()

  private constructor(path: string) {
    this.path = path
    this.#server = createServer((socket) => this.#accept(socket))
  }

  /** Listens on a unix path. */
  static async listen(path: string): Promise<Control> {
    const control = new Control(path)
    await once(control.#server.listen(path), 'listening')
    return control
  }

  /** Sends a command to a process; waits for it to report first, if it has yet to. */
  async tell(pid: number, command: Command): Promise<void> {
    const socket = this.#sockets.get(pid) ?? (await within(this.#reported(pid), `control connection of ${pid}`))
    socket.write(`${JSON.stringify(command)}\n`)
  }

  /** Ends all connections and stops to listen. */
  close(): void {
    for (const socket of this.#sockets.values()) socket.destroy()
    this.#server.close()
  }

  #reported(pid: number): Promise<Socket> {
    return new Promise((resolve) => this.#waiting.set(pid, [...(this.#waiting.get(pid) ?? []), resolve]))
  }

  #accept(socket: Socket): void {
    const lines = createInterface({ input: socket })
    // An error of the socket, as of a process that was killed, is emitted by both.
    for (const emitter of [socket, lines]) emitter.on('error', () => socket.destroy())
    lines.on('line', (line) => {
      const { pid } = JSON.parse(line) as { pid: number }
      this.#sockets.set(pid, socket)
      for (const resolve of this.#waiting.get(pid) ?? []) resolve(socket)
      this.#waiting.delete(pid)
    })
  }
}
