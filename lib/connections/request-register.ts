import { randomUUID } from 'node:crypto'
import { closeSync, constants, openSync, readSync, rmSync, writeSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

/** The states of a connection, in the order of their bytes. `untouched`: nothing has been read from it. */
const STATES = ['untouched', 'in progress', 'answered'] as const
export type Noted = (typeof STATES)[number]

const BYTES = STATES.map((_, byte) => Buffer.of(byte))

/**
 * The requests in progress on the connections that were moved to a child: a file with one byte for each connection, at
 * its number. It is true even when the child is killed: a write to a file is done when the call returns, while a
 * message may still wait in the process, and Node has no memory that two processes share.
 */
export class RequestRegister {
  /** Where the child finds it; it removes the name as soon as it has it open. */
  readonly path: string
  #fd: number

  private constructor(path: string, fd: number) {
    this.path = path
    this.#fd = fd
  }

  /**
   * Makes an empty one in the folder for temporary files. Nobody else can have made it, or open it.
   *
   * @throws {Error} when there is no place for it
   */
  static create(): RequestRegister {
    const path = join(tmpdir(), `fastify-graceful-reload-${randomUUID()}`)
    return new RequestRegister(path, openSync(path, 'wx+', 0o600))
  }

  /** @throws {Error} when it cannot be had */
  static open(path: string): RequestRegister {
    const register = new RequestRegister(path, openSync(path, constants.O_RDWR | constants.O_NOFOLLOW))
    register.#remove()
    return register
  }

  /** @throws {Error} when there is no place for it */
  note(id: number, noted: Noted): void {
    writeSync(this.#fd, BYTES[STATES.indexOf(noted)] as Buffer, 0, 1, id)
  }

  /** What is noted of the connections up to a number. */
  read(last: number): (id: number) => Noted {
    const bytes = Buffer.alloc(last + 1)
    let size = 0
    for (let read = -1; read !== 0; size += read) read = readSync(this.#fd, bytes, size, bytes.length - size, size)
    return (id) => STATES[bytes[id] as number] ?? 'in progress'
  }

  close(): void {
    closeSync(this.#fd)
    // The number may soon be that of another file.
    this.#fd = -1
    this.#remove()
  }

  #remove(): void {
    rmSync(this.path, { force: true })
  }
}
