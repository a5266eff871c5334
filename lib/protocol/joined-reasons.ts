/** How long the reasons of several callers may be together. Characters. */
const LONGEST = 500

const BETWEEN = '; '
const MORE = `${BETWEEN}…`

/** The reason of a reload that several callers share: what each of them gave, equal ones once. */
export function joinReasons(known: string | undefined, reason: string): string {
  if (known === undefined) return reason
  const isKnown = `${BETWEEN}${known}${BETWEEN}`.includes(`${BETWEEN}${reason}${BETWEEN}`)
  if (isKnown || known.endsWith(MORE)) return known
  const both = `${known}${BETWEEN}${reason}`
  return both.length > LONGEST ? `${known}${MORE}` : both
}
