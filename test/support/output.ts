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

/**
 * Which line is meant: the name of a transition or of a fact, or a test of the line, which may say what it looks for.
 */
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
  #readers = new Set<(text: string) => void>()

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
    return this.all(match)[0] ?? this.#await(this.#watchers, matcher(match), describe(match), limit)
  }

  /**
   * The first line of any kind that matches, past or future.
   *
   * @throws {ServerFailure} as {@link event} does
   */
  async said(pattern: RegExp, limit?: number): Promise<string> {
    const test = (text: string) => pattern.test(text)
    return this.#text.find(test) ?? this.#await(this.#readers, test, `line that matches ${pattern}`, limit)
  }

  /** Every line so far that matches, of any kind. */
  texts(pattern: RegExp): string[] {
    return this.#text.filter((text) => pattern.test(text))
  }

  /** Every line so far that matches. */
  all(match: Match): Line[] {
    return this.lines.filter(matcher(match))
  }

  /** Calls back for each further line. */
  watch(watcher: (line: Line) => void): void {
    this.#watchers.add(watcher)
  }

  /** Calls back for each further line, of any kind. */
  read(reader: (text: string) => void): void {
    this.#readers.add(reader)
  }

  /** The last of what was printed, JSON or not. */
  toString(): string {
    return this.#text.slice(-120).join('\n')
  }

  async #await<T>(
    watchers: Set<(it: T) => void>,
    test: (it: T) => boolean,
    what: string,
    limit: number | undefined
  ): Promise<T> {
    let watcher: ((it: T) => void) | undefined
    const future = new Promise<T>((resolve, reject) => {
      watcher = (it) => test(it) && resolve(it)
      watchers.add(watcher)
      this.ended.then(() => reject(new ServerFailure(`every process has ended without ${what}`, this.toString())))
    })
    try {
      return await within(future, what, () => this.toString(), limit)
    } finally {
      if (watcher !== undefined) watchers.delete(watcher)
    }
  }

  #collect(stream: Readable, name: string): Promise<void> {
    return new Promise((resolve) => {
      const reader = createInterface({ input: stream })
      reader.on('line', (text) => this.#add(name, text))
      reader.on('close', resolve)
    })
  }

  #add(name: string, text: string): void {
    const named = `${name}: ${text}`
    this.#text.push(named)
    for (const reader of [...this.#readers]) reader(named)
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
