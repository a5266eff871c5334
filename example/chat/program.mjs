import { spawn } from 'node:child_process'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'

/** A program of this folder, with all its generations, and the JSON lines that they print. It ends with this process. */
export class Program {
  #pids = new Set()
  #lines = []
  #waiting = new Set()

  constructor(file, env) {
    const path = fileURLToPath(new URL(file, import.meta.url))
    const child = spawn(process.execPath, [path], { env, stdio: ['ignore', 'pipe', 'inherit'] })
    createInterface({ input: child.stdout }).on('line', (text) => {
      const line = JSON.parse(text)
      this.#pids.add(line.pid)
      this.#lines.push(line)
      for (const look of this.#waiting) look(line)
    })
    process.on('exit', () => this.#kill())
  }

  /** Waits for the first line that matches, past or future. */
  async line(matches) {
    const past = this.#lines.find(matches)
    if (past !== undefined) return past
    return new Promise((resolve) => {
      const look = (line) => {
        if (!matches(line)) return
        this.#waiting.delete(look)
        resolve(line)
      }
      this.#waiting.add(look)
    })
  }

  #kill() {
    for (const pid of this.#pids) {
      try {
        process.kill(pid)
      } catch {
        // It has ended already.
      }
    }
  }
}
