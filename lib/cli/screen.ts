import type { WriteStream } from 'node:tty'
import { clip } from './clip.js'

/**
 * The other screen of a terminal, without a cursor: https://invisible-island.net/xterm/ctlseqs/ctlseqs.html. Lines do
 * not wrap: a wide character takes two columns, and a line with many would move all below.
 */
const ENTER = '\x1b[?1049h\x1b[?7l\x1b[?25l'
const LEAVE = '\x1b[?25h\x1b[?7h\x1b[?1049l'
const HOME = '\x1b[H'
const CLEAR_REST_OF_LINE = '\x1b[K'
const CLEAR_BELOW = '\x1b[J'

/**
 * A whole terminal, redrawn in place; what was there before comes back at the end, and for as long as the shell has
 * stopped this process.
 */
export class Screen {
  readonly #stream: WriteStream
  readonly #stop = () => this.#leaveWhileStopped()
  #lines: readonly string[] = []

  constructor(stream: WriteStream) {
    this.#stream = stream
    process.on('SIGTSTP', this.#stop)
    stream.write(ENTER)
  }

  /** How many lines there is room for. A terminal whose size nobody has set has none. */
  get rows(): number {
    return this.#stream.rows || 24
  }

  /** Draws the first lines, as many as there is room for. */
  show(lines: readonly string[]): void {
    this.#lines = lines
    const columns = this.#stream.columns || 80
    // What is in the last column would be cleared with the rest.
    const drawn = lines.slice(0, this.rows).map((line) => clip(line, columns - 1) + CLEAR_REST_OF_LINE)
    this.#stream.write(HOME + drawn.join('\r\n') + CLEAR_BELOW)
  }

  end(): void {
    process.removeListener('SIGTSTP', this.#stop)
    this.#stream.write(LEAVE)
  }

  /** Without a shell that could continue this process, the system does not stop it. */
  #leaveWhileStopped(): void {
    this.end()
    process.kill(process.pid, 'SIGTSTP')
    // Here it goes on with SIGCONT.
    process.on('SIGTSTP', this.#stop)
    this.#stream.write(ENTER)
    this.show(this.#lines)
  }
}
