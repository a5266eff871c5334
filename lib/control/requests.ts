import { didYouMean } from '../util/closest.js'
import { BadMethodError, BadRequestError, ControlVersionError, UnknownPathError } from './errors.js'
import { CONTROL_VERSION, excerpt, isObject } from './messages.js'

/** What can be asked for. */
export type RequestName = 'status' | 'metrics' | 'healthz' | 'reload' | 'stop'

/** The header in which a command says which version it speaks. Other clients need not. */
export const VERSION_HEADER = 'fastify-graceful-control'

const PATHS: Readonly<Record<string, { readonly name: RequestName; readonly methods: readonly string[] }>> = {
  '/status': { name: 'status', methods: ['GET', 'HEAD'] },
  '/metrics': { name: 'metrics', methods: ['GET', 'HEAD'] },
  '/healthz': { name: 'healthz', methods: ['GET', 'HEAD'] },
  '/reload': { name: 'reload', methods: ['POST'] },
  '/stop': { name: 'stop', methods: ['POST'] }
}

/** All requests that there are, each as its method and path. */
export const REQUESTS: readonly string[] = Object.entries(PATHS).map(([path, { methods }]) => `${methods[0]} ${path}`)

/** What can be asked for at a path, and by which methods. */
export function methodsOf(url: string): readonly string[] {
  return at(url)?.methods ?? []
}

/**
 * What is asked for.
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
 * @param fallback - for a body without one
 * @throws {BadRequestError}
 */
export function reasonIn(body: Uint8Array, fallback: string): string {
  if (body.length === 0) return fallback
  const given = parse(body)
  const example = '{"reason": "release 42"}'
  if (!isObject(given))
    throw new BadRequestError(`expected an object such as ${example}, received ${excerpt(JSON.stringify(given))}`)
  const unknown = Object.keys(given).find((key) => key !== 'reason')
  if (unknown !== undefined)
    throw new BadRequestError(
      `expected an object such as ${example}, received the key ${excerpt(unknown)}${didYouMean(unknown, ['reason'])}`
    )
  const { reason = fallback } = given
  if (typeof reason === 'string') return reason
  throw new BadRequestError(`the reason must be a string, received ${excerpt(JSON.stringify(reason))}`)
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
