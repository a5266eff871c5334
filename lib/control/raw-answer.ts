import { toControlFailure } from './failure.js'
import { encodeAnswer } from './messages.js'

/** Those that are answered before there is a request. */
const PHRASES: Readonly<Record<number, string>> = {
  400: 'Bad Request',
  404: 'Not Found',
  405: 'Method Not Allowed',
  408: 'Request Timeout',
  413: 'Content Too Large',
  431: 'Request Header Fields Too Large',
  503: 'Service Unavailable'
}

/** An error as a whole answer of HTTP, for a client from which no request has come that HTTP could answer. */
export function rawAnswer(thrown: unknown): string {
  const error = toControlFailure(thrown)
  const { statusCode = 500 } = error
  const body = encodeAnswer({ error })
  const head = [
    `HTTP/1.1 ${statusCode} ${PHRASES[statusCode] ?? 'Error'}`,
    'content-type: application/json; charset=utf-8',
    `content-length: ${Buffer.byteLength(body)}`,
    'cache-control: no-store',
    'connection: close'
  ]
  return `${head.join('\r\n')}\r\n\r\n${body}`
}
