/** A program as a page shows it that somebody changes. */
export interface PageDiff {
  /** The file that the comment above the diff names: the program after the change. */
  readonly marker: string | undefined
  /** The heading that the diff stands below, without its hashes. */
  readonly heading: string
  readonly before: string
  readonly after: string
}

/** The diffs of a Markdown page. */
export function diffsIn(page: string): PageDiff[] {
  const parts = page.matchAll(/^#+ ([^\n]*)$|(?:^<!--\s*(\S+)\s*-->\n)?^```diff\n(.*?)^```$/gms)
  const diffs: PageDiff[] = []
  let heading = ''
  for (const [, title, marker, body] of parts) {
    heading = title ?? heading
    if (body !== undefined) diffs.push({ marker, heading, before: without('+', body), after: without('-', body) })
  }
  return diffs
}

/** One side of a diff: all lines but those that begin with this sign. */
export function without(sign: '+' | '-', diff: string): string {
  const lines = diff.split('\n').filter((line) => !line.startsWith(sign))
  return lines.map((line) => line.slice(1)).join('\n')
}
