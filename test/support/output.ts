import { createInterface } from 'node:readline'
import type { Readable } from 'node:stream'
import { ServerFailure, within } from './limit.js'

/** One JSON line that a process of the tree printed: a line of its log or of the fixture. */
export interface Line {
  /** The process that printed it. */
  pid: number
  /** Name of a transition, on log lines of the plugin. */
  graceful?: string
  /** Name of a fact, on lines of the fixture. */
  fixture?: string
  generation?: number
  msg?: string
  level?: number
  name?: string
  code?: number | string
  reason?: string
  [field: string]: unknown
}

/** Which line is meant: the name of a transition or of a fact, or a test of the line, which may say what it looks for. */
export type Match = string | ((line: Line) => boolean) | { what: string; test: (line: Line) => boolean }

/** Whether a line has this name, as a transition or as a fact. */
export function isNamed(line: Line, name: string): boolean {
  return line.graceful === name || line.fixture === name
}

/** All that the processes of one tree print; they share the two pipes of the first one. */
export class Output {
  /** Every JSON line so far, in the order of arrival. */
  readonly lines: Line[] = []
  /** Resolves when no process holds the pipes any more. */
  readonly ended: Promise<void>
  #text: string[] = []
  #watchers = new Set<(line: Line) => void>()

  constructor(stdout: Readable, stderr: Readable) {
    const ends = [this.#collect(stdout, 'out'), this.#collect(stderr, 'err')]
    this.ended = Promise.all(ends).then(() => undefined)
  }

  /**
   * The first line that matches, past or future.
   *
   * @throws {ServerFailure} with all output, when there is none within the limit or no process is left to print it
   */
  async event(match: Match, limit?: number): Promise<Line> {
    const past = this.all(match)[0]
    if (past !== undefined) return past
    const test = matcher(match)
    let watcher: ((line: Line) => void) | undefined
    const future = new Promise<Line>((resolve, reject) => {
      watcher = (line) => test(line) && resolve(line)
      this.#watchers.add(watcher)
      this.ended.then(() =>
        reject(new ServerFailure(`every process has ended without ${describe(match)}`, this.toString()))
      )
    })
    try {
      return await within(future, describe(match), () => this.toString(), limit)
    } finally {
      if (watcher !== undefined) this.#watchers.delete(watcher)
    }
  }

  /** Every line so far that matches. */
  all(match: Match): Line[] {
    return this.lines.filter(matcher(match))
  }

  /** Calls back for each line to come. */
  watch(watcher: (line: Line) => void): void {
    this.#watchers.add(watcher)
  }

  /** The last of what was printed, JSON or not. */
  toString(): string {
    return this.#text.slice(-120).join('\n')
  }

  #collect(stream: Readable, name: string): Promise<void> {
    return new Promise((resolve) => {
      const reader = createInterface({ input: stream })
      reader.on('line', (text) => this.#add(name, text))
      reader.on('close', resolve)
    })
  }

  #add(name: string, text: string): void {
    this.#text.push(`${name}: ${text}`)
    const line = parse(text)
    if (line === undefined) return
    this.lines.push(line)
    for (const watcher of [...this.#watchers]) watcher(line)
  }
}

function matcher(match: Match): (line: Line) => boolean {
  if (typeof match === 'string') return (line) => isNamed(line, match)
  return typeof match === 'function' ? match : match.test
}

function describe(match: Match): string {
  if (typeof match === 'string') return `line "${match}"`
  return typeof match === 'function' ? `line for which ${match}` : match.what
}

function parse(text: string): Line | undefined {
  if (!text.startsWith('{')) return undefined
  try {
    return JSON.parse(text) as Line
  } catch {
    // Not every line that begins with a brace is JSON: util.inspect prints such ones too.
    return undefined
  }
}
