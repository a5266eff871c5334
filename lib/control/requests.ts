import { MOST_WORKERS, type WorkerCount } from '../protocol/worker-count.js'
import { didYouMean } from '../util/closest.js'
import { BadMethodError, BadRequestError, ControlVersionError, UnknownPathError } from './errors.js'
import { excerpt, excerptOf, isObject } from './json.js'
import { CONTROL_VERSION } from './messages.js'

/** The requests that a process answers. */
export type RequestName = 'status' | 'metrics' | 'healthz' | 'reload' | 'check' | 'workers' | 'stop'

/** The header in which a command says which version it speaks. Other clients need not. */
export const VERSION_HEADER = 'fastify-graceful-control'

const PATHS: Readonly<Record<string, { readonly name: RequestName; readonly methods: readonly string[] }>> = {
  '/status': { name: 'status', methods: ['GET', 'HEAD'] },
  '/metrics': { name: 'metrics', methods: ['GET', 'HEAD'] },
  '/healthz': { name: 'healthz', methods: ['GET', 'HEAD'] },
  '/reload': { name: 'reload', methods: ['POST'] },
  '/check': { name: 'check', methods: ['POST'] },
  '/workers': { name: 'workers', methods: ['POST'] },
  '/stop': { name: 'stop', methods: ['POST'] }
}

/** All requests that there are, each as its method and path. */
export const REQUESTS: readonly string[] = Object.entries(PATHS).map(([path, { methods }]) => `${methods[0]} ${path}`)

/** The methods that a path accepts. */
export function methodsOf(url: string): readonly string[] {
  return at(url)?.methods ?? []
}

/**
 * The name of what a client requests.
 *
 * @param version - what the client says that it speaks
 * @throws {ControlVersionError | UnknownPathError | BadMethodError}
 */
export function requestNameOf(method: string, url: string, version: string | undefined): RequestName {
  if (version !== undefined && version !== String(CONTROL_VERSION))
    throw new ControlVersionError(
      `this process speaks version ${CONTROL_VERSION} of the control interface, and the request is of version ` +
        `${excerpt(version)}: use the command of the release that the server runs`
    )
  const found = at(url)
  if (found === undefined) throw new UnknownPathError(excerpt(url), REQUESTS.join(', '))
  if (!found.methods.includes(method))
    throw new BadMethodError(excerpt(pathOf(url)), excerpt(method), found.methods.join(', '))
  return found.name
}

/**
 * The reason in the body of a request.
 *
 * @param fallback - for a body without one, and for one that says nothing
 * @throws {BadRequestError}
 */
export function reasonIn(body: Uint8Array, fallback: string): string {
  const { reason = fallback } = fieldsIn(body, ['reason'], '{"reason": "release 42"}')
  return textOf(reason, fallback)
}

function textOf(reason: unknown, fallback: string): string {
  if (typeof reason === 'string') return reason.trim() === '' ? fallback : reason
  throw new BadRequestError(`the reason must be a string, received ${excerptOf(reason)}`)
}

/**
 * The number of workers in the body of a request, and why.
 *
 * @param fallback - for a body without a reason
 * @throws {BadRequestError}
 */
export function workersIn(body: Uint8Array, fallback: string): { wanted: WorkerCount; reason: string } {
  const { workers, reason: given = fallback } = fieldsIn(
    body,
    ['workers', 'reason'],
    '{"workers": 4} or {"workers": "+1"}'
  )
  const reason = textOf(given, fallback)
  if (workers === 0) throw new BadRequestError('workers must be at least 1; to end the service, use stop')
  if (Number.isInteger(workers) && (workers as number) > 0 && (workers as number) <= MOST_WORKERS)
    return { wanted: { to: workers as number }, reason }
  if (typeof workers === 'string' && RELATIVE.test(workers)) return { wanted: { by: Number(workers) }, reason }
  throw new BadRequestError(
    `workers must be a number from 1 to ${MOST_WORKERS}, or a string such as "+1" or "-1", received ` +
      excerptOf(workers)
  )
}

/** So many more, or fewer. */
const RELATIVE = /^[+-][1-9]\d{0,3}$/

/** What the body of a request has of these keys; nothing, if there is none. */
function fieldsIn(body: Uint8Array, keys: readonly string[], example: string): Record<string, unknown> {
  if (body.length === 0) return {}
  const given = parse(body)
  if (!isObject(given)) throw new BadRequestError(`expected an object such as ${example}, received ${excerptOf(given)}`)
  const unknown = Object.keys(given).find((key) => !keys.includes(key))
  if (unknown === undefined) return given
  throw new BadRequestError(
    `expected an object such as ${example}, received the key ${excerpt(unknown)}${didYouMean(unknown, keys)}`
  )
}

function parse(body: Uint8Array): unknown {
  try {
    return JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(body))
  } catch (cause) {
    const error = new BadRequestError(`expected JSON, received ${excerpt(Buffer.from(body).toString('latin1'))}`)
    throw Object.assign(error, { cause })
  }
}

function at(url: string): (typeof PATHS)[string] | undefined {
  const path = pathOf(url)
  return Object.hasOwn(PATHS, path) ? PATHS[path] : undefined
}

function pathOf(url: string): string {
  return url.split('?', 1)[0] ?? ''
}
