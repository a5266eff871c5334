import { pathOf } from '../util/path-of.js'

type Params = Record<string, string | undefined>

/** What finds the route of a request: Fastify, https://fastify.dev/docs/latest/Reference/Server/#findroute */
export interface Router {
  findRoute?: (options: { method: string; url: string }) => { params: Params } | null
}

/** Where a parameter may stand in a path: as a whole segment; or, as in `/:name.:ending`, as a part of one. */
const PLACES = ['segment', 'part'] as const

/**
 * The pattern of the route that a request goes to; null where it cannot be told. Nothing is kept with a request, so that this costs
 * nothing until somebody asks: the router finds the route again, and what it found for the parameters, which may be a secret, is taken out of
 * the path. Whether that was done in the right places the router tells too, for other values in them.
 */
export function routePattern(router: Router, method: string, url: string): string | null {
  try {
    const find = (path: string) => router.findRoute?.({ method, url: path })?.params
    const params = find(pathOf(url))
    if (params === undefined) return null
    const path = decodeURIComponent(pathOf(url))
    const tried = PLACES.flatMap((place) => replace(path, params, place) ?? [])
    return tried.find(({ probe, values }) => isSame(find(probe), values))?.pattern ?? null
  } catch {
    return null // A path that is not encoded well, or a router that wants to know more.
  }
}

interface Replaced {
  pattern: string
  /** The path with other values, and these. */
  probe: string
  values: Params
}

/** Parameters come in the order of the path. */
function replace(path: string, params: Params, place: (typeof PLACES)[number]): Replaced | undefined {
  const found: Replaced = { pattern: '', probe: '', values: {} }
  let rest = path
  for (const [index, [name, value = '']] of Object.entries(params).entries()) {
    const at = place === 'segment' ? segmentAt(rest, value) : rest.indexOf(value, 1)
    if (at === -1) return undefined
    // Digits, as a parameter may have to be a number.
    const other = String(700_000 + index)
    found.pattern += rest.slice(0, at) + (name === '*' ? '*' : `:${name}`)
    found.probe += rest.slice(0, at) + other
    found.values[name] = other
    rest = rest.slice(at + value.length)
  }
  return { ...found, pattern: found.pattern + rest, probe: found.probe + rest }
}

function segmentAt(path: string, value: string): number {
  const at = `${path}/`.indexOf(`/${value}/`)
  return at === -1 ? -1 : at + 1
}

function isSame(found: Params | undefined, values: Params): boolean {
  return found !== undefined && JSON.stringify(found) === JSON.stringify(values)
}
