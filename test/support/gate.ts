import { once } from 'node:events'
import { createServer, type Server, type Socket } from 'node:net'
import { join } from 'node:path'
import type { Test } from 'tap'
import { within } from './limit.js'
import { tempFolder } from './temp-folder.js'

/** Holds a program at its beginning until the test lets it go on. */
export class Gate {
  readonly #arrival: Promise<Socket>
  readonly #path: string

  private constructor(server: Server, path: string) {
    this.#arrival = new Promise((resolve) => server.once('connection', resolve))
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

  /** Waits for the program to stop at the gate; returns what lets it in. */
  async arrival(): Promise<() => void> {
    const program = await within(this.#arrival, 'program at the gate')
    return () => void program.end()
  }
}
