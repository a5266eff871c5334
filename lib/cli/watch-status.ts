import { fstatSync } from 'node:fs'
import { setTimeout as pause } from 'node:timers/promises'
import { type ControlFailure, toControlFailure } from '../control/failure.js'
import type { ControlStatus } from '../control/messages.js'
import { printable } from '../util/printable.js'
import { describeStatus } from './describe-status.js'
import { type Paint, paintFor } from './paint.js'
import { Screen } from './screen.js'
import { statusLines } from './status-lines.js'

/** What ends it: keys of a terminal, its closing, or another process. */
const ENDINGS = ['SIGINT', 'SIGQUIT', 'SIGHUP', 'SIGTERM'] as const

/** How often to ask. Milliseconds. */
const INTERVAL = 1000

/**
 * How often there is something to read in a pipe even if nothing has changed: that the reader has gone is reported to
 * one who writes only. Milliseconds.
 */
const SIGN_OF_LIFE = 10_000

/** From how many rows on the state of the view has a line of its own, which is empty as long as there are answers. */
const ENOUGH_ROWS = 10

/** What changes all the time, and is no news in a pipe. */
const FIGURES = new Set(
  'uptime elapsed left next age memory connections migrated remaining requests health upgraded probation'.split(' ')
)

/** What is written into a pipe as soon as it differs. */
export function newsIn(seen: object): string {
  return JSON.stringify(seen, (key, value) => (FIGURES.has(key) ? undefined : value))
}

/** What a look has come to. */
type Seen = { status: ControlStatus } | { error: ControlFailure }

interface WatchSettings {
  /** Asks once, until the end. Rejects when there is no answer. */
  look(end: AbortSignal): Promise<ControlStatus>
  /** Path of the control socket. */
  path: string
  isJson: boolean
}

/**
 * Goes on showing the status until somebody ends it: on a terminal once a second in place, elsewhere whenever something
 * has changed, until nobody reads any more. While nobody answers it goes on asking. Returns the exit code: ending it is
 * no failure.
 */
export async function watchStatus({ look, path, isJson }: WatchSettings): Promise<number> {
  const { stdout } = process
  const end = new AbortController()
  for (const signal of ENDINGS) process.once(signal, () => end.abort())
  stdout.on('error', () => end.abort()) // Nobody reads any more.
  const isScreen = !isJson && stdout.isTTY === true && process.env.TERM !== 'dumb'
  const view = isScreen ? new ScreenView(path, paintFor(stdout, process.env)) : new PipeView(isJson)
  try {
    while (!end.signal.aborted) {
      const seen = await seenBy(() => look(end.signal))
      if (!end.signal.aborted) view.show(seen)
      await pause(INTERVAL, undefined, { signal: end.signal }).catch(() => {})
    }
  } finally {
    view.end()
  }
  return 0
}

async function seenBy(look: () => Promise<ControlStatus>): Promise<Seen> {
  try {
    return { status: await look() }
  } catch (error) {
    return { error: toControlFailure(error) }
  }
}

/** The whole terminal. What was known last stays there while nobody answers. */
class ScreenView {
  readonly #screen = new Screen(process.stdout)
  readonly #path: string
  readonly #paint: Paint
  #last: ControlStatus | undefined

  constructor(path: string, paint: Paint) {
    this.#path = path
    this.#paint = paint
  }

  show(seen: Seen): void {
    const isAnswer = 'status' in seen
    if (isAnswer) this.#last = seen.status
    const { rows } = this.#screen
    const title = `${printable(this.#path)}, ${new Date().toLocaleTimeString('en-GB')}; Ctrl-C ends this`
    const state = isAnswer ? '' : this.#paint(`no answer, trying again: ${printable(seen.error.message)}`, 'bad')
    const head = headLines(this.#paint(title, 'name'), state, rows)
    const room = rows - head.length
    this.#screen.show([...head, ...(this.#last === undefined ? [] : statusLines(this.#last, room, this.#paint))])
  }

  end(): void {
    this.#screen.end()
  }
}

/** What is above a status: on few rows no more than is needed. */
export function headLines(title: string, state: string, rows: number): string[] {
  return [...(rows > 1 ? [title] : []), ...(state !== '' || rows >= ENOUGH_ROWS ? [state] : [])]
}

/** One after the other, as JSON a line for each. */
class PipeView {
  readonly #isJson: boolean
  readonly #hasReader = isPipe(process.stdout.fd)
  #last = ''
  #at = 0

  constructor(isJson: boolean) {
    this.#isJson = isJson
  }

  show(seen: Seen): void {
    const news = newsIn(seen)
    const isDue = this.#hasReader && performance.now() - this.#at >= SIGN_OF_LIFE
    if (news === this.#last && !isDue) return
    const isFirst = this.#last === ''
    this.#last = news
    this.#at = performance.now()
    if (this.#isJson) process.stdout.write(`${JSON.stringify('status' in seen ? seen.status : seen)}\n`)
    else process.stdout.write(`${isFirst ? '' : '\n'}${new Date().toISOString()}\n${textOf(seen)}`)
  }

  end(): void {}
}

/** Whether somebody reads what is written there, and may cease to: a file is written on. */
function isPipe(fd: number): boolean {
  const stats = fstatSync(fd)
  return stats.isFIFO() || stats.isSocket()
}

function textOf(seen: Seen): string {
  if ('status' in seen) return describeStatus(seen.status, paintFor(process.stdout, process.env))
  return `no answer, trying again: ${printable(seen.error.message)}\n`
}
