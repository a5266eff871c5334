import { readFileSync, writeFileSync } from 'node:fs'

/** A block of a page: commands typed in a shell, and their output, below a comment that names the block. */
const BLOCK = /(<!-- printed: ([\w ]+) -->\n```console\n)([\s\S]*?)(```\n)/g

/** A page with blocks that a test prints: each begins with its commands, as `$ command`. */
export class PrintedPage {
  readonly #path: string
  readonly #blocks: ReadonlyMap<string, string>
  readonly #printed = new Map<string, string>()

  constructor(path: string) {
    this.#path = path
    this.#blocks = new Map([...this.#text.matchAll(BLOCK)].map(([, , name = '', text = '']) => [name, text]))
  }

  get names(): string[] {
    return [...this.#blocks.keys()]
  }

  /** What the page shows. */
  blockOf(name: string): string {
    const block = this.#blocks.get(name)
    if (block === undefined) throw new Error(`${this.#path} has no block "${name}"`)
    return block
  }

  /** Runs the commands of a block, one after the other; returns what it must show. */
  async print(name: string, run: (command: string) => Promise<string>): Promise<string> {
    const commands = this.blockOf(name)
      .split('\n')
      .filter((line) => line.startsWith('$ '))
    const parts: string[] = []
    for (const command of commands) parts.push(`${command}\n${await run(command.slice(2))}`)
    const text = parts.join('')
    this.#printed.set(name, text)
    return text
  }

  /** Writes what was printed into the page. */
  update(): void {
    const text = this.#text.replace(
      BLOCK,
      (_all, head, name, old, end) => head + (this.#printed.get(name) ?? old) + end
    )
    writeFileSync(this.#path, text)
  }

  get #text(): string {
    return readFileSync(this.#path, 'utf8')
  }
}
