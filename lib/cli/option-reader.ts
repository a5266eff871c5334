import { UsageError } from '../control/errors.js'
import { didYouMean } from '../util/closest.js'
import type { OptionEntry, OptionTable } from './options.js'

/** What was given, by the names of the options; of several the last counts. An option without a value has `true`. */
export type OptionValues<N extends string> = { readonly [name in N]?: string | true }

/** What stands at the front of a command line: options that are known, and what follows them. */
export interface ReadOptions<N extends string> {
  readonly values: OptionValues<N>
  /** All values of each option that has some, in their order. */
  readonly lists: Readonly<Record<string, readonly string[]>>
  readonly rest: string[]
}

/**
 * Reads options up to the first argument that is none of them.
 *
 * @throws {UsageError} when one lacks its value, or has one that it does not take
 */
export function readOptions<T extends OptionTable>(args: readonly string[], table: T): ReadOptions<keyof T & string> {
  const rest = [...args]
  const values: { [name: string]: string | true } = {}
  const lists: { [name: string]: string[] } = {}
  while (rest[0] !== undefined) {
    const [given, value] = splitOption(rest[0])
    const name = nameOf(given, table)
    if (name === undefined) break
    rest.shift()
    const taken = takeValue(given, value, table[name]?.value !== undefined, rest)
    values[name] = taken
    if (taken !== true) lists[name] = [...(lists[name] ?? []), taken]
  }
  return { values: values as OptionValues<keyof T & string>, lists, rest }
}

/** An option as it was written, and the value behind its `=`. */
export function splitOption(option: string): [given: string, value?: string] {
  const at = option.startsWith('--') ? option.indexOf('=') : -1
  return at === -1 ? [option] : [option.slice(0, at), option.slice(at + 1)]
}

/** The end of a message about an option that there is not: a question, or nothing when none is near. */
export function didYouMeanOption(given: string, table: OptionTable): string {
  const shorts = Object.values(table).map(({ short }) => `-${short}`)
  const short = given.length === 2 ? shorts.find((one) => one === given.toLowerCase()) : undefined
  return short === undefined
    ? didYouMean(given.replace(/^-+/, ''), Object.keys(table), '--')
    : `; did you mean ${short}?`
}

function nameOf(given: string, table: OptionTable): string | undefined {
  const isIt = ([name, { short }]: [string, OptionEntry]) =>
    given === `--${name}` || (short !== undefined && given === `-${short}`)
  return Object.entries(table).find(isIt)?.[0]
}

function takeValue(given: string, value: string | undefined, takesOne: boolean, rest: string[]): string | true {
  if (!takesOne && value === undefined) return true
  if (!takesOne) throw new UsageError(`${given} takes no value, received ${value}`)
  if (value !== undefined) return value
  // Rather forgotten than meant; what is meant can be written with a `=`.
  if (rest[0] === undefined || rest[0].startsWith('--')) throw new UsageError(`${given} needs a value`)
  return rest.shift() as string
}
