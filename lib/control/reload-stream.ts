import type { ServerResponse } from 'node:http'
import type { ReloadResult } from '../reload/reload-result.js'
import { toControlFailure } from './failure.js'
import { encodeAnswer } from './messages.js'
import { type First, newsOf, type Position, type Told } from './reload-news.js'
import type { ReloadPosition } from './reports.js'

/** What tells of reloads. */
export interface ReloadSource extends ProgressSource {
  reload(reason: string): Promise<ReloadResult>
  underWay(): ReloadPosition | undefined | Promise<ReloadPosition | undefined>
}

/** What tells of something that a client waits for. */
export interface ProgressSource {
  /** Which reload is under way, told by another value for each; undefined when none is. */
  reloadId(): unknown
  /** How far it has come. */
  underWay(): Position | undefined | Promise<Position | undefined>
  /** Calls back whenever there may be something new, until the returned function is called. */
  onChange(callback: () => void): () => void
}

/** How often to look for what changes by and by. Milliseconds. */
const LOOK_INTERVAL = 250

/** How much may wait to be read by a client before the next line is left out. Bytes. */
const UNREAD_LIMIT = 16 * 1024

/**
 * Tells a client how the reload goes that it has asked for, or another change or a check, line by line, and at last
 * what came of it.
 */
export class ReloadStream {
  readonly #source: ProgressSource
  readonly #response: ServerResponse
  /** The reload that was under way when this one was asked for: this one follows it. */
  readonly #former: unknown
  /** The reload that was asked for, once it is under way; undefined also if the source does not tell them apart. */
  #own: unknown
  readonly #first: First
  readonly #asked = performance.now()
  readonly #timer: NodeJS.Timeout
  readonly #stopListening: () => void
  #told: Told = { position: undefined, at: performance.now() }
  #isLooking = false

  /** @param first - what there is to tell before anything is known of it */
  constructor(source: ProgressSource, first: First, former: unknown, response: ServerResponse) {
    this.#source = source
    this.#first = first
    this.#former = former
    this.#response = response
    const look = () => {
      this.#bind()
      void this.#look()
    }
    this.#timer = setInterval(look, LOOK_INTERVAL)
    this.#timer.unref()
    this.#stopListening = source.onChange(look)
    response.once('close', () => this.#stop())
    look()
  }

  /** Says how it has ended, as the last word. */
  async end(outcome: Promise<object>): Promise<void> {
    const event = await outcome.then(
      (result) => ({ event: 'done', result }),
      (error) => ({ event: 'failed', error: toControlFailure(error) })
    )
    this.#stop()
    this.#response.end(encodeAnswer(event))
  }

  #stop(): void {
    clearInterval(this.#timer)
    this.#stopListening()
  }

  /** The first reload after the former one is its own. At once, as none may be missed while a server is asked. */
  #bind(): void {
    const id = this.#source.reloadId()
    if (id !== this.#former) this.#own ??= id
  }

  async #look(): Promise<void> {
    if (this.#isLooking) return
    this.#isLooking = true
    try {
      this.#tell(await this.#findPosition())
    } catch {
      // There is nothing to tell; a look that is due later may find something.
    }
    this.#isLooking = false
  }

  /** Of its own reload; when that is over, what the next one does is not its business. */
  async #findPosition(): Promise<Position | undefined> {
    const id = this.#source.reloadId()
    if (id !== undefined && id === this.#former) return this.#waiting
    if (id !== this.#own) return undefined
    const position = await this.#source.underWay()
    return this.#source.reloadId() === id ? position : undefined
  }

  get #waiting(): Position {
    return { ...this.#first, elapsed: Math.round(performance.now() - this.#asked) } as Position
  }

  /** A client that does not read misses what is of no use to it later. */
  #tell(found: Position | undefined): void {
    const response = this.#response
    if (response.writableEnded || response.destroyed || response.writableLength > UNREAD_LIMIT) return
    const now = performance.now()
    const position = found ?? (this.#told.position === undefined ? this.#waiting : undefined)
    const news = newsOf(this.#told, position, now)
    if (news === undefined) return
    this.#told = { position: position ?? this.#told.position, at: now }
    response.write(encodeAnswer(news))
  }
}
