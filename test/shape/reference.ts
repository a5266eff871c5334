/** A member of an interface, as its source has it. */
export interface Member {
  readonly name: string
  /** Its doc comment; empty if there is none. */
  readonly comment: string
  /** Its type, as far as that stands on its first line. */
  readonly type: string
  /** Whether it may be missing. */
  readonly isOptional: boolean
}

/** The members of an interface in a source file that Biome has formatted. */
export function membersOf(source: string, name: string): Member[] {
  const [, body = ''] =
    new RegExp(`^export interface ${name}(?: extends \\w+)? \\{\\n(.*?)^\\}`, 'ms').exec(source) ?? []
  const members = body.matchAll(
    /^((?: {2}\/\*\*(?:(?!\*\/).)*\*\/\n)?)(?: {2}\/\/[^\n]*\n)* {2}'?([\w-]+)'?(\??): ([^\n]*)$/gms
  )
  return [...members].map(([, comment = '', member = '', mark, type = '']) => {
    return { name: member, comment, type, isOptional: mark === '?' }
  })
}

/**
 * The section below a heading, to the next heading of the same level or a higher one; undefined if there is no such
 * heading.
 */
export function sectionOf(page: string, heading: string): string | undefined {
  const [marks = ''] = heading.split(' ', 1)
  const lines = page.split('\n')
  const from = lines.indexOf(heading)
  if (from < 0) return undefined
  const length = lines.slice(from + 1).findIndex((line) => new RegExp(`^#{1,${marks.length}} `).test(line))
  return lines.slice(from + 1, length < 0 ? undefined : from + 1 + length).join('\n')
}

/** What is in code in the headings of a level, in their order. */
export function headingsIn(text: string, marks: string): string[] {
  return [...text.matchAll(new RegExp(`^${marks} \`(.+)\`$`, 'gm'))].map(([, name = '']) => name)
}

/** What is in code at the beginning of the rows of the tables of a text, in their order. */
export function rowsIn(text: string): string[] {
  return [...text.matchAll(/^\| \[?`(.+?)`/gm)].map(([, name = '']) => name)
}
