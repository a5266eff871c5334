import { count, duration } from './units.mjs'

/** What the clients of both servers saw, side by side: 40 columns at most. */
export function formatTable({ restart, reload }, paint) {
  const rows = rowsOf(restart, reload)
  const widths = [0, 1, 2].map((column) => Math.max(...rows.map((row) => row.cells[column].length)))
  const lines = rows.map(({ cells, style }) => {
    const [name, ...values] = cells
    const aligned = values.map((value, index) => paint(style[index], value.padStart(widths[index + 1])))
    return [name.padEnd(widths[0]), ...aligned].join('  ')
  })
  const rule = '-'.repeat(widths[0] + widths[1] + widths[2] + 4)
  return [lines[0], rule, ...lines.slice(1)].join('\n')
}

function rowsOf(restart, reload) {
  const pair = (name, value, isLoss = false) => {
    const values = [value(restart), value(reload)]
    return { cells: [name, ...values.map(count)], style: values.map((each) => styleOf(each, isLoss)) }
  }
  const gaps = [restart, reload].map(({ longestGap }) => duration(longestGap))
  return [
    { cells: ['', 'restart', 'reload'], style: ['bold', 'bold'] },
    pair('requests', ({ requests }) => requests),
    pair('failed', ({ failures }) => failures, true),
    ...reload.tallies.map(({ name }, kind) => pair(`  ${name}`, ({ tallies }) => tallies[kind].failures, true)),
    pair('closed connections', ({ closed }) => closed, true),
    { cells: ['longest gap', ...gaps], style: [] }
  ]
}

function styleOf(value, isLoss) {
  if (!isLoss) return undefined
  return value === 0 ? 'green' : 'red'
}
