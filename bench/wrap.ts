/** How long a line of a page may be. test/shape/docs.test.ts checks it. */
const WIDTH = 120

/** Lines of Markdown that cannot be wrapped: rows of tables, headings and pictures. */
const WHOLE = /^[|#!]/

/** Markdown whose prose has lines of at most 120 characters. The lines of an item begin below its text. */
export function wrapProse(markdown: string): string {
  return markdown
    .split('\n')
    .map((line) => (WHOLE.test(line) ? line : wrapLine(line)))
    .join('\n')
}

function wrapLine(line: string): string {
  const indent = line.startsWith('- ') ? '  ' : ''
  const lines: string[] = []
  for (const part of partsOf(line)) {
    const longer = lines.length === 0 ? part : `${lines.at(-1)} ${part}`
    if (lines.length > 0 && longer.length <= WIDTH) lines[lines.length - 1] = longer
    else lines.push(lines.length === 0 ? part : `${indent}${part}`)
  }
  return lines.join('\n')
}

/** The words of a line. Code and the sign of an item stay together with what follows. */
function partsOf(line: string): string[] {
  return line.match(/(?:^- )?(?:`[^`]*`|[^\s`])+/g) ?? ['']
}
