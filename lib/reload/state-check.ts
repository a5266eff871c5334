import { types } from 'node:util'
import { deserialize, serialize } from 'node:v8'
import { toError } from '../util/to-error.js'

/** A value within a state, with the way to it. */
interface Place {
  readonly value: unknown
  /** The step from the place above; at the top, the name of the state. */
  readonly step: string
  readonly above?: Place
}

/** A value that another process would not receive as it is, and its place. */
export interface Obstacle {
  /** E.g. `state.users[3].key`. */
  readonly path: string
  /** E.g. `is a KeyObject`. */
  readonly why: string
}

/**
 * What of saved states arrives in another process. As the channel carries it, which is less than a structured clone
 * can: what does not pass fails here, and not in the child.
 *
 * @throws {TypeError} when part of a state would be lost on its way
 */
export function asCarried(states: unknown[]): unknown[] {
  for (const state of states) {
    const obstacle = findObstacle(state)
    if (obstacle !== undefined)
      throw new TypeError(`${obstacle.path} ${obstacle.why}, which does not reach another process whole`)
  }
  return deserialize(serialize(states)) as unknown[]
}

/**
 * Finds what would not arrive whole in another process. Much of that makes v8's serializer throw an error that does not
 * say where it is. The rest it sends as an object without properties, since what makes up a `KeyObject`, a `Blob` or a
 * `URL` is not in properties: an instance of a class that has none at all has lost everything. An instance with
 * properties arrives as a plain object with the same ones.
 */
export function findObstacle(state: unknown): Obstacle | undefined {
  const seen = new Set<unknown>()
  const open: Place[] = [{ value: state, step: 'state' }]
  // No recursion: a state may be a long list, each element of which refers to the next one.
  for (let place = open.pop(); place !== undefined; place = open.pop()) {
    const { value } = place
    if (isHarmless(value) || seen.has(value)) continue
    seen.add(value)
    const why = whyNot(value)
    if (why !== undefined) return { path: pathOf(place), why }
    try {
      open.push(...placesIn(value as object, place))
    } catch (thrown) {
      return { path: pathOf(place), why: `cannot be read: ${toError(thrown).message}` }
    }
  }
  return undefined
}

function isHarmless(value: unknown): boolean {
  return value === null || (typeof value !== 'object' && typeof value !== 'function' && typeof value !== 'symbol')
}

/** Objects that are more than their properties, and that v8 knows how to write. */
const KNOWN = [
  Array.isArray,
  types.isMap,
  types.isSet,
  types.isDate,
  types.isRegExp,
  types.isNativeError,
  types.isBoxedPrimitive,
  types.isArrayBuffer,
  types.isArrayBufferView
]

function whyNot(value: unknown): string | undefined {
  if (typeof value === 'function') return 'is a function'
  if (typeof value === 'symbol' || types.isSymbolObject(value)) return 'is a symbol'
  if (types.isProxy(value)) return 'is a proxy'
  if (types.isSharedArrayBuffer(value)) return 'is shared memory'
  if (types.isArrayBufferView(value) && types.isSharedArrayBuffer(value.buffer)) return 'is shared memory'
  if (KNOWN.some((isKnown) => isKnown(value))) return undefined
  const prototype: unknown = Object.getPrototypeOf(value)
  const isPlain = prototype === null || Object.getPrototypeOf(prototype) === null
  const isEmpty = Object.keys(value as object).length === 0
  return isEmpty && !(isPlain && isOfObject(prototype)) ? `is a ${nameOf(value as object)}` : undefined
}

/** Of this realm or another one, as that of `node:vm`: what has no class of its own. */
function isOfObject(prototype: unknown): boolean {
  return prototype === null || Object.hasOwn(prototype as object, '__proto__')
}

function nameOf(value: object): string {
  const name: unknown = value.constructor?.name
  return typeof name === 'string' && name !== '' && name !== 'Object'
    ? name
    : 'an object whose content is not in its properties'
}

function placesIn(value: object, above: Place): Place[] {
  if (types.isArrayBufferView(value) || types.isBoxedPrimitive(value)) return []
  const places: Place[] = []
  const add = (inner: unknown, step: () => string) => {
    if (!isHarmless(inner)) places.push({ value: inner, step: step(), above })
  }
  if (types.isMap(value))
    for (const [key, inner] of value) {
      add(key, () => ' (a key of this Map)')
      add(inner, () => `.get(${isHarmless(key) ? show(key) : '…'})`)
    }
  if (types.isSet(value)) for (const inner of value) add(inner, () => ' (an element of this Set)')
  if (types.isNativeError(value)) add(value.cause, () => '.cause')
  // Not by its keys, of which a long list has many.
  else if (Array.isArray(value)) for (const [index, inner] of value.entries()) add(inner, () => `[${index}]`)
  else if (!types.isMap(value) && !types.isSet(value))
    for (const key of Object.keys(value)) add((value as Record<string, unknown>)[key], () => stepTo(key))
  return places
}

function stepTo(key: string): string {
  return /^[\p{ID_Start}$_][\p{ID_Continue}$]*$/u.test(key) ? `.${key}` : `[${JSON.stringify(key)}]`
}

function show(key: unknown): string {
  if (typeof key === 'string') return JSON.stringify(key)
  return typeof key === 'bigint' ? `${key}n` : String(key)
}

function pathOf({ step, above }: Place): string {
  let path = step
  for (let place = above; place !== undefined; place = place.above) path = place.step + path
  return path
}
