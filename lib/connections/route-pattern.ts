type Params = Record<string, string | undefined>

/** What finds the route of a request: Fastify, https://fastify.dev/docs/latest/Reference/Server/#findroute */
export interface Router {
  findRoute?: (options: { method: string; url: string }) => { params: Params } | null
}

/** How many ways to take the parameters out of a path are tried. */
const MOST_TRIES = 32

/**
 * The pattern of the route that a request goes to; null if it is unknown. Nothing is stored with a request, so this
 * costs nothing until it is called. The router finds the route again, and this function takes the values of the
 * parameters, which may be secret, out of the path. To check that it replaced the right places, it calls the router
 * again with other values there.
 */
export function routePattern(router: Router, method: string, url: string): string | null {
  // What is a query, and a secret, the router may see differently behind a semicolon.
  const [path = ''] = url.split(/[?#]/, 1)
  if (!path.startsWith('/') || path.includes(';')) return null
  try {
    const find = (other: string) => router.findRoute?.({ method, url: other })?.params
    const params = find(path)
    if (params === undefined) return null
    const begin: Replaced = { pattern: '', probe: '', values: {}, rest: decodeURIComponent(path) }
    const tried = replaceAll(begin, Object.entries(params)).slice(0, MOST_TRIES)
    const found = tried.find(({ probe, values, rest }) => isSame(find(probe + rest), values))
    return found === undefined ? null : found.pattern + found.rest
  } catch {
    return null // A path that is not encoded well, or a router that wants to know more.
  }
}

/** A path whose first parameters have been taken out. */
interface Replaced {
  readonly pattern: string
  /** The same with other values, and these. */
  readonly probe: string
  readonly values: Params
  readonly rest: string
}

/** Parameters come in the order of the path. */
function replaceAll(from: Replaced, params: Array<[name: string, value: string | undefined]>): Replaced[] {
  const [first, ...others] = params
  if (first === undefined) return [from]
  const [name, value = ''] = first
  // Digits, as a parameter may have to be a number.
  const other = String(700_000 + params.length)
  const values = { ...from.values, [name]: other }
  return placesOf(from.rest, value)
    .flatMap((at) => {
      const before = from.rest.slice(0, at)
      const pattern = `${from.pattern}${before}${name === '*' ? '*' : `:${name}`}`
      const next = { pattern, probe: from.probe + before + other, values, rest: from.rest.slice(at + value.length) }
      return replaceAll(next, others)
    })
    .slice(0, MOST_TRIES)
}

/** Where a value may stand: as a whole segment; or, as in `/:name.:ending`, as a part of one. */
function placesOf(path: string, value: string): number[] {
  const all: number[] = []
  for (let at = path.indexOf(value); at !== -1 && all.length < MOST_TRIES; at = path.indexOf(value, at + 1))
    all.push(at)
  const isSegment = (at: number) => path[at - 1] === '/' && /^(\/|$)/.test(path.slice(at + value.length))
  return [...all.filter(isSegment), ...all.filter((at) => !isSegment(at))]
}

function isSame(found: Params | undefined, values: Params): boolean {
  return found !== undefined && JSON.stringify(found) === JSON.stringify(values)
}
