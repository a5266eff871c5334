/** https://man7.org/linux/man-pages/man4/console_codes.4.html: what sets colours takes no room. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
const PARTS = /\x1b\[[\d;]*m|./gsu

/** The beginning of a line that fits into so many columns; what sets colours stays, so that none is left on. */
export function clip(line: string, columns: number): string {
  let room = columns
  const parts = line.match(PARTS) ?? []
  const width = parts.filter((part) => !part.startsWith('\x1b')).length
  if (width <= columns) return line
  return parts
    .filter((part) => part.startsWith('\x1b') || room-- > 1)
    .join('')
    .concat('…')
}
