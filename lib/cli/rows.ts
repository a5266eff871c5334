import { printable } from '../util/printable.js'

export type Row = [name: string, value: string]

/** Blocks of names and values, for people. */
export function blocks(groups: Row[][]): string {
  const width = Math.max(...groups.flat().map(([name]) => name.length))
  const lines = groups.map((rows) =>
    rows.map(([name, value]) => `${name.padEnd(width)}  ${printable(value)}\n`).join('')
  )
  return lines.join('\n')
}

/** So long of so long, in seconds. */
export function spent({ elapsed, duration }: { elapsed: number; duration: number }): string {
  return `${shortly(elapsed)} of ${shortly(duration)} s`
}

export function seconds(duration: number): string {
  return `${shortly(duration)} s`
}

function shortly(duration: number): string {
  return (duration / 1000).toFixed(1)
}
