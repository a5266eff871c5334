import { deferred } from './deferred.js'
import type { Response, ResponseHead } from './http.js'

/** What went wrong for a client. */
export type FailureKind = 'connect' | 'reset' | 'premature close' | 'timeout' | 'status' | 'body' | 'not HTTP'

/** A request that failed. No client of this harness ever tries a second time. */
export class ClientFailure extends Error {
  readonly kind: FailureKind

  constructor(kind: FailureKind, message: string) {
    super(`${kind}: ${message}`)
    this.name = 'ClientFailure'
    this.kind = kind
  }
}

/** How long a client waits for a response. Milliseconds. */
const RESPONSE_LIMIT = 120_000

/** One request and its response, which may be a long time coming. */
export class Exchange {
  /** Resolves with the head of the response. */
  readonly head: Promise<ResponseHead>
  /** Resolves with the complete response, rejects with a {@link ClientFailure}. */
  readonly response: Promise<Response>
  readonly what: string
  #head = deferred<ResponseHead>()
  #response = deferred<Response>()
  #timer: NodeJS.Timeout

  constructor(what: string) {
    this.what = what
    this.head = this.#head.promise
    this.response = this.#response.promise
    // A test awaits one of the two, and often only after it has failed.
    this.head.catch(() => {})
    this.response.catch(() => {})
    this.#timer = setTimeout(() => this.fail('timeout', `no response within ${RESPONSE_LIMIT} ms`), RESPONSE_LIMIT)
  }

  /** The head of the response has arrived. */
  begin(head: ResponseHead): void {
    this.#head.resolve(head)
  }

  /** The response is complete. */
  complete(response: Response): void {
    clearTimeout(this.#timer)
    this.#response.resolve(response)
  }

  /** There will be no response. */
  fail(kind: FailureKind, message: string): void {
    clearTimeout(this.#timer)
    const failure = new ClientFailure(kind, `${this.what}: ${message}`)
    this.#head.reject(failure)
    this.#response.reject(failure)
  }
}
