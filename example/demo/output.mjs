import { stripVTControlCharacters, styleText } from 'node:util'

const CLEAR_LINE = '\r\x1b[2K'

/** Below this width, continued lines are indented less. Columns. */
const NARROW = 60

/** Where the demo prints: a terminal, with colours, or a pipe, with plain lines that are not broken. */
export class Output {
  #stream
  #isTerminal
  #isColoured
  #status = ''

  constructor(stream, env = process.env) {
    this.#stream = stream
    this.#isTerminal = stream.isTTY === true && env.TERM !== 'dumb'
    this.#isColoured = wantsColours(env) ?? this.#isTerminal
  }

  get isTerminal() {
    return this.#isTerminal
  }

  /** How long a line may be. */
  get columns() {
    return this.#isTerminal ? this.#stream.columns || 80 : Number.POSITIVE_INFINITY
  }

  /** @param format - of `util.styleText`; undefined: none */
  paint(format, text) {
    // Node 20 does not look at the environment when it is given several formats.
    return this.#isColoured && format !== undefined ? styleText(format, text, { validateStream: false }) : text
  }

  /** Prints a line. A line that is too long is broken between words, and goes on below the text. */
  say(text, prefix = '') {
    const indent = this.columns < NARROW ? Math.min(widthOf(prefix), 4) : widthOf(prefix)
    this.write(`${wrap(`${prefix}${text}`, this.columns, indent).join('\n')}\n`)
  }

  /** Prints whole lines, above the status. */
  write(text) {
    this.#stream.write(this.#status === '' ? text : `${CLEAR_LINE}${text}`)
    this.#draw()
  }

  /** Prints a sentence, in parts, as large as it can be. */
  announce(parts, colour) {
    if (!this.#isTerminal) return this.write(`${this.paint(['bold', colour], parts.join(' '))}\n`)
    const lines = parts.flatMap((part) => wrap(part, this.columns - 4))
    const width = Math.max(...lines.map(widthOf))
    const edge = '─'.repeat(width + 2)
    const inside = lines.map((line) => `│ ${line.padEnd(width)} │`)
    for (const line of [`╭${edge}╮`, ...inside, `╰${edge}╯`]) this.write(`${this.paint(['bold', colour], line)}\n`)
  }

  /**
   * The last line of a terminal, which is redrawn in place; elsewhere nothing.
   *
   * @param texts - the first of them that fits is shown
   */
  status(...texts) {
    if (!this.#isTerminal) return
    if (this.#status !== '') this.#stream.write(CLEAR_LINE)
    // In the last column, some terminals would begin a new line.
    const room = this.columns - 1
    this.#status = texts.find((text) => text.length <= room) ?? `${texts.at(-1).slice(0, room - 1)}…`
    this.#draw()
  }

  /** Leaves no status behind. */
  end() {
    this.status('')
  }

  #draw() {
    if (this.#status !== '') this.#stream.write(this.paint('dim', this.#status))
  }
}

/** How many columns a text takes; colours take none. */
export function widthOf(text) {
  return stripVTControlCharacters(text).length
}

/**
 * Breaks a text into lines between words.
 *
 * @param text - in which a no-break space keeps two words together
 * @param indent - of all lines but the first
 */
export function wrap(text, columns, indent = 0) {
  const lines = []
  for (const word of text.split(' ')) {
    const longer = lines.length === 0 ? word : `${lines.at(-1)} ${word}`
    if (lines.length > 0 && widthOf(longer) > columns) lines.push(' '.repeat(indent) + word)
    else lines.splice(-1, 1, longer)
  }
  return lines.map((line) => line.replaceAll('\u00a0', ' '))
}

/** https://no-color.org, https://force-color.org; undefined where neither is set. */
function wantsColours({ FORCE_COLOR: forced = '', NO_COLOR: none = '' }) {
  if (forced !== '') return forced !== '0'
  return none === '' ? undefined : false
}
