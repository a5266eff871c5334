/**
 * Small tables say what a message may contain: its type, and a check for each of its fields. The compiler cannot know
 * the type of a message that comes out of a channel.
 */

/** Whether a value is allowed in a field. */
export type Field = (value: unknown) => boolean

/** The required fields of an object. Other fields are ignored. */
export type Fields = Readonly<Record<string, Field>>

/** Of a union of messages, those of one type: a message may name several, as in `` type: `surplus ${GiverWord}` ``. */
type OfType<M, T> = M extends { type: infer U } ? (T extends U ? M : never) : never

/** For each type of message its fields: a message, or a field, that is not in the table does not compile. */
export type Table<M extends { type: string }> = {
  readonly [T in M['type']]: { readonly [K in Exclude<keyof OfType<M, T>, 'type'>]-?: Field }
}

/** Whether a value is a message of the table. */
export function isMessage(table: Readonly<Record<string, Fields>>, value: unknown): boolean {
  if (!isObject(value) || typeof value.type !== 'string' || !Object.hasOwn(table, value.type)) return false
  return fits(table[value.type] as Fields, value)
}

export const anything: Field = () => true
export const text: Field = (value) => typeof value === 'string'
export const flag: Field = (value) => typeof value === 'boolean'
export const number: Field = (value) => typeof value === 'number' && Number.isFinite(value)
/** A number of something, or the place in a list. */
export const count: Field = (value) => Number.isSafeInteger(value) && (value as number) >= 0
export const bytes: Field = (value) => value instanceof Uint8Array
export const object: Field = (value) => isObject(value) && !Array.isArray(value)

export function optional(field: Field): Field {
  return (value) => value === undefined || field(value)
}

export function either(...fields: Field[]): Field {
  return (value) => fields.some((field) => field(value))
}

export function exactly(...values: unknown[]): Field {
  return (value) => values.includes(value)
}

export function listOf(field: Field): Field {
  return (value) => Array.isArray(value) && value.every(field)
}

/** A list of as many elements as there are fields. */
export function tuple(...fields: Field[]): Field {
  return (value) =>
    Array.isArray(value) && value.length === fields.length && fields.every((field, index) => field(value[index]))
}

export function record(fields: Fields): Field {
  return (value) => isObject(value) && fits(fields, value)
}

function fits(fields: Fields, value: Record<string, unknown>): boolean {
  return Object.entries(fields).every(([name, field]) => field(value[name]))
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null
}
