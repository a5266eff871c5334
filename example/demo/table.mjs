const COLUMNS = [
  ['clients', ({ name, clients }) => `${name} (${clients})`],
  ['requests', ({ requests }) => format(requests)],
  ['failures', ({ failures }) => format(failures)],
  ['connections opened', ({ opened }) => format(opened)],
  ['closed unannounced', ({ closedUnannounced }) => format(closedUnannounced)],
  ['generations', ({ generations }) => [...generations].sort((a, b) => a - b).join(' ')]
]

/** What the clients saw, as text in columns. */
export function formatTable(tallies) {
  const rows = [COLUMNS.map(([title]) => title), ...tallies.map((tally) => COLUMNS.map(([, cell]) => cell(tally)))]
  const widths = COLUMNS.map((_, column) => Math.max(...rows.map((row) => row[column].length)))
  const [head, ...body] = rows.map((row) => row.map((cell, column) => align(cell, widths[column], column)).join('  '))
  return [head, '-'.repeat(head.length), ...body].join('\n')
}

/** A count with its thousands apart. */
export function format(count) {
  return count.toLocaleString('en')
}

function align(cell, width, column) {
  return column === 0 || column === COLUMNS.length - 1 ? cell.padEnd(width) : cell.padStart(width)
}
