import { Socket } from 'node:net'
import type { Readable } from 'node:stream'
import type { Relay } from '../process/channel-process.js'
import { os } from '../util/os.js'

/**
 * The pipes among the descriptors of the app to which the app writes. A supervisor may stop reading after the first
 * line, as s6 does when it knows that the service is ready. A server that wrote a second time would die of EPIPE. So
 * each server writes to a pipe of its own, and the launcher passes the data on as long as somebody reads.
 */
export class Pipes implements Relay {
  readonly #sinks = new Map<number, Socket>()

  /** @param numbers - all descriptors of the app */
  constructor(numbers: readonly number[]) {
    for (const { fd, isWriteOnly } of os.openDescriptors()) {
      if (!numbers.includes(fd) || !isWriteOnly || os.stat(fd)?.isFIFO() !== true) continue
      const sink = new Socket({ fd, readable: false })
      sink.setMaxListeners(0) // Some for each server.
      sink.on('error', () => {}) // Nobody reads any more.
      this.#sinks.set(fd, sink)
    }
  }

  get numbers(): number[] {
    return [...this.#sinks].flatMap(([fd, sink]) => (sink.destroyed ? [] : [fd]))
  }

  /** The pipe is read even if nothing reads the copy: a full pipe would block the server. */
  follow(fd: number, source: Readable): void {
    const sink = this.#sinks.get(fd)
    const empty = () => source.resume()
    source.on('error', () => {}) // The end of the server says the same.
    if (sink === undefined || sink.destroyed) {
      empty()
      return
    }
    source.pipe(sink, { end: false })
    sink.once('close', empty)
    source.once('close', () => sink.removeListener('close', empty))
  }
}
