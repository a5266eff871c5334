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

/**
 * An error as a whole answer of HTTP, for a client from which no request has come that HTTP could answer.
 *
 * @param more - what else the body has
 * @param headers - what else the head has
 */
export function rawAnswer(thrown: unknown, more: object = {}, headers: Readonly<Record<string, string>> = {}): string {
  const error = toControlFailure(thrown)
  const { statusCode = 500 } = error
  const body = encodeAnswer({ error, ...more })
  const head = [
    `HTTP/1.1 ${statusCode} ${PHRASES[statusCode] ?? 'Error'}`,
    'content-type: application/json; charset=utf-8',
    `content-length: ${Buffer.byteLength(body)}`,
    'cache-control: no-store',
    'connection: close',
    ...Object.entries(headers).map(([name, value]) => `${name}: ${value}`)
  ]
  return `${head.join('\r\n')}\r\n\r\n${body}`
}
