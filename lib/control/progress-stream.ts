import type { ServerResponse } from 'node:http'
import type { ReloadResult } from '../reload/reload-result.js'
import { toControlFailure } from './failure.js'
import { encodeAnswer } from './messages.js'
import { type First, newsOf, type Position, type Reported } from './progress-news.js'
import type { ReloadPosition } from './reports.js'

/** Makes reloads, and reports their progress. */
export interface ReloadSource extends ProgressSource {
  reload(reason: string): Promise<ReloadResult>
  inProgress(): ReloadPosition | undefined | Promise<ReloadPosition | undefined>
}

/** Reports the progress of something that a client waits for. */
export interface ProgressSource {
  /** Identifies the reload in progress, by another value for each; undefined when none is in progress. */
  reloadId(): unknown
  /** How far it has come. */
  inProgress(): Position | undefined | Promise<Position | undefined>
  /** Calls back whenever there may be something new, until the returned function is called. */
  onChange(callback: () => void): () => void
}

/** How often to look for what changes gradually. Milliseconds. */
const LOOK_INTERVAL = 250

/** How much may wait to be read by a client before the next line is left out. Bytes. */
const UNREAD_LIMIT = 16 * 1024

/**
 * Sends a client the progress of the reload that it has requested, line by line, and at last the outcome. The same for
 * a check, or for another number of workers.
 */
export class ProgressStream {
  readonly #source: ProgressSource
  readonly #response: ServerResponse
  /** The reload that was in progress when the client requested this one: this one follows it. */
  readonly #former: unknown
  /**
   * The reload that the client requested, once it is in progress; undefined also if the source has one value for all.
   */
  #own: unknown
  readonly #first: First | undefined
  readonly #asked = performance.now()
  readonly #timer: NodeJS.Timeout
  readonly #stopListening: () => void
  #reported: Reported = { position: undefined, at: performance.now() }
  #isLooking = false
  #mustLookAgain = false

  /** @param first - the first line, sent before anything else is known; undefined: none */
  constructor(source: ProgressSource, first: First | undefined, former: unknown, response: ServerResponse) {
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

  /**
   * The first reload after the former one is the one that the client requested. This stream notes it at once: while it
   * waits for the answer of a server, it might miss a reload.
   */
  #bind(): void {
    const id = this.#source.reloadId()
    if (id !== this.#former) this.#own ??= id
  }

  async #look(): Promise<void> {
    if (this.#isLooking) {
      this.#mustLookAgain = true
      return
    }
    this.#isLooking = true
    try {
      this.#tell(await this.#findPosition())
    } catch {
      // There is nothing to report; a later look may find something.
    }
    this.#isLooking = false
    if (!this.#mustLookAgain) return
    // A server was asked while something changed: that may be a step of its own.
    this.#mustLookAgain = false
    await this.#look()
  }

  /** How far the client's own reload is; when that has ended, undefined: the next one is of another caller. */
  async #findPosition(): Promise<Position | undefined> {
    const id = this.#source.reloadId()
    if (id !== undefined && id === this.#former) return this.#waiting
    if (id !== this.#own) return undefined
    const position = await this.#source.inProgress()
    return this.#source.reloadId() === id ? position : undefined
  }

  get #waiting(): Position | undefined {
    return this.#first && { ...this.#first, elapsed: Math.round(performance.now() - this.#asked) }
  }

  /** Leaves a line out while the client does not read: it would be of no use later. */
  #tell(found: Position | undefined): void {
    const response = this.#response
    if (response.writableEnded || response.destroyed || response.writableLength > UNREAD_LIMIT) return
    const now = performance.now()
    const position = found ?? (this.#reported.position === undefined ? this.#waiting : undefined)
    const news = newsOf(this.#reported, position, now)
    if (news === undefined) return
    this.#reported = { position: position ?? this.#reported.position, at: now }
    response.write(encodeAnswer(news))
  }
}
