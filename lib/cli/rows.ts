import { printable } from '../util/printable.js'
import { type Paint, plain, type Style } from './paint.js'

/** A name with its value, and what that means; a name that is empty belongs to the row before. */
export type Row = [name: string, value: string, style?: Style]

/** Blocks of names and values, for people. */
export function blocks(groups: Row[][], paint: Paint = plain): string {
  const written = painted(groups, paint).filter((lines) => lines.length > 0)
  return written.map((lines) => lines.map((line) => `${line}\n`).join('')).join('\n')
}

/** The lines of each block, with all values below each other. */
export function painted(groups: Row[][], paint: Paint): string[][] {
  const width = Math.max(...groups.flat().map(([name]) => name.length))
  const line = ([name, value, style]: Row) => {
    const text = printable(value)
    return `${paint(name.padEnd(width), 'name')}  ${style === undefined ? text : paint(text, style)}`
  }
  return groups.map((rows) => rows.map(line))
}
