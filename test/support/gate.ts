import { once } from 'node:events'
import { createServer, type Server, type Socket } from 'node:net'
import { join } from 'node:path'
import type { Test } from 'tap'
import { within } from './limit.js'
import { tempFolder } from './temp-folder.js'

/** Holds a program at its beginning until the test lets it go on. */
export class Gate {
  readonly #server: Server
  readonly #path: string

  private constructor(server: Server, path: string) {
    this.#server = server
    this.#path = path
  }

  static async open(t: Test): Promise<Gate> {
    const server = createServer()
    const path = join(await tempFolder(t), 'gate')
    await once(server.listen(path), 'listening')
    t.teardown(() => server.close())
    return new Gate(server, path)
  }

  /** The program that stops at this gate before it does anything else. */
  before(program: string): string {
    return `const gate = require('node:net').connect(${JSON.stringify(this.#path)})
    gate.once('end', () => { ${program} }).resume()`
  }

  /** Waits for the next program to stop at the gate; returns what lets it in. */
  async arrival(): Promise<() => void> {
    const [program] = (await within(once(this.#server, 'connection'), 'program at the gate')) as [Socket]
    return () => void program.end()
  }
}
