import { execFileSync } from 'node:child_process'
import { closeSync, constants, openSync, readSync, writeSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import type { Test } from 'tap'
import { within } from './limit.js'
import { tempFolder } from './temp-folder.js'

/** A pipe that has a reader, and is full: the reader does not read before the test wants it to. */
export class FullPipe {
  readonly path: string
  readonly #t: Test
  readonly #fd: number
  readonly #buffer = Buffer.alloc(65_536)
  #text = ''

  private constructor(t: Test, path: string) {
    this.#t = t
    this.path = path
    this.#fd = openSync(path, constants.O_RDWR | constants.O_NONBLOCK)
    this.#closeLater(this.#fd)
  }

  static async make(t: Test): Promise<FullPipe> {
    const path = join(await tempFolder(t), 'pipe')
    execFileSync('mkfifo', [path])
    const pipe = new FullPipe(t, path)
    const page = Buffer.alloc(4096, '.')
    try {
      for (;;) writeSync(pipe.#fd, page)
    } catch (error) {
      t.match(error, { code: 'EAGAIN' })
    }
    return pipe
  }

  /** A descriptor on which a write waits for the reader. */
  openBlocking(): number {
    const fd = openSync(this.path, constants.O_WRONLY)
    this.#closeLater(fd)
    return fd
  }

  /** Reads until all that has come matches. */
  until(pattern: RegExp): Promise<void> {
    return within(this.#readUntil(pattern), String(pattern), () => this.#text.slice(-500))
  }

  async #readUntil(pattern: RegExp): Promise<void> {
    while (!pattern.test(this.#text)) {
      await pause(5)
      this.#read()
    }
  }

  #read(): void {
    try {
      this.#text += this.#buffer.toString('latin1', 0, readSync(this.#fd, this.#buffer))
    } catch {
      // There is nothing to read.
    }
  }

  #closeLater(fd: number): void {
    this.#t.teardown(() => closeSync(fd))
  }
}
