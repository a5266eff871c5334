import { type Summary, summarize } from './statistics.js'

/** One line of a table: what was measured, in which form to print it, and all its values. */
export interface Row {
  name: string
  values: readonly number[]
  format: (value: number) => string
}

/** One line of a comparison: what was measured, in which form to print it, and all values of each party. */
export interface ComparisonRow {
  name: string
  values: readonly (readonly number[])[]
  format: (value: number) => string
}

const TITLES = ['', 'median', 'quartiles', 'min – max', 'rounds']

/** Rows as a Markdown table: the median and how far the values lie apart. */
export function formatTable(rows: readonly Row[]): string {
  return formatCells([TITLES, ...rows.map(({ name, values, format }) => formatRow(name, summarize(values), format))])
}

/** Rows as a Markdown table with a column for each party: the median, and in brackets how far the values lie apart. */
export function formatComparison(names: readonly string[], rows: readonly ComparisonRow[]): string {
  const cells = rows.map(({ name, values, format }) => [name, ...values.map((list) => formatSpread(list, format))])
  return formatCells([['', ...names], ...cells])
}

/** Cells as a Markdown table that can be read as it is; the first row holds the titles. */
export function formatCells(cells: readonly (readonly string[])[]): string {
  const columns = cells[0]?.length ?? 0
  const widths = Array.from({ length: columns }, (_, column) =>
    Math.max(3, ...cells.map((row) => (row[column] ?? '').length))
  )
  const ruler = widths.map((width, column) => (column === 0 ? '-'.repeat(width) : `${'-'.repeat(width - 1)}:`))
  const lines = cells.map((row) => row.map((cell, column) => align(cell, widths[column] ?? 0, column)))
  return [lines[0] ?? [], ruler, ...lines.slice(1)].map((row) => `| ${row.join(' | ')} |`).join('\n')
}

/** How many there were of something, in words. */
export const asNumberOf = (count: number, thing: string): string => `${count} ${thing}${count === 1 ? '' : 's'}`
/** A ratio, to the tenth of a percent. */
export const asRatio = (value: number): string => value.toFixed(3)
/** A ratio that differs a lot. */
export const asFactor = (value: number): string => value.toFixed(2)
/** A whole number with its thousands apart. */
export const asCount = (value: number): string => Math.round(value).toLocaleString('en')
/** Bytes, as mebibytes. */
export const asMebibytes = (value: number): string => `${(value / 2 ** 20).toFixed(1)} MiB`
/** Milliseconds. */
export const asMilliseconds = (value: number): string => `${value.toFixed(value < 10 ? 1 : 0)} ms`

function formatRow(name: string, { median, q1, q3, min, max, count }: Summary, format: Row['format']): string[] {
  return [name, format(median), `${format(q1)} – ${format(q3)}`, `${format(min)} – ${format(max)}`, String(count)]
}

function formatSpread(values: readonly number[], format: Row['format']): string {
  const { median, min, max } = summarize(values)
  return min === max ? format(median) : `${format(median)} (${format(min)} – ${format(max)})`
}

function align(cell: string, width: number, column: number): string {
  return column === 0 ? cell.padEnd(width) : cell.padStart(width)
}
