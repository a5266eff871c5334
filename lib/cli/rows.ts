import { printable } from '../util/printable.js'
import { type Paint, plain, type Style } from './paint.js'

/** A name with its value, and what that means; a name that is empty belongs to the row before. */
export type Row = [name: string, value: string, style?: Style]

/** Blocks of names and values, for people. */
export function blocks(groups: Row[][], paint: Paint = plain): string {
  const width = Math.max(...groups.flat().map(([name]) => name.length))
  const line = ([name, value, style]: Row) => {
    const text = printable(value)
    return `${paint(name.padEnd(width), 'name')}  ${style === undefined ? text : paint(text, style)}\n`
  }
  return groups
    .filter((rows) => rows.length > 0)
    .map((rows) => rows.map(line).join(''))
    .join('\n')
}
