/**
 * What somebody who has mistyped a name has probably meant.
 *
 * @param name - what was written
 * @param known - the names that there are
 * @returns the nearest one; undefined when none is near: a third of its letters at most may be wrong
 */
export function closest(name: string, known: readonly string[]): string | undefined {
  const ranked = known
    .map((candidate) => ({ candidate, distance: distanceOf(name.toLowerCase(), candidate.toLowerCase()) }))
    .filter(({ candidate, distance }) => distance <= Math.max(1, Math.floor(candidate.length / 3)))
    .sort((a, b) => a.distance - b.distance)
  return ranked[0]?.candidate
}

/**
 * The end of a message: a question, or nothing when no name is near.
 *
 * @param prefix - what stands before each name
 */
export function didYouMean(name: string, known: readonly string[], prefix = ''): string {
  const meant = closest(name, known)
  return meant === undefined ? '' : `; did you mean ${prefix}${meant}?`
}

/**
 * How many letters must be added, left out, replaced or swapped with their neighbour to make one word of the other: the
 * optimal string alignment distance,
 * https://en.wikipedia.org/wiki/Damerau%E2%80%93Levenshtein_distance#Optimal_string_alignment_distance
 */
function distanceOf(from: string, to: string): number {
  let beforeLast: number[] = []
  let last = Array.from({ length: to.length + 1 }, (_, column) => column)
  for (let row = 1; row <= from.length; row++) {
    const current = [row]
    for (let column = 1; column <= to.length; column++) {
      const isSame = from[row - 1] === to[column - 1]
      const isSwapped = from[row - 1] === to[column - 2] && from[row - 2] === to[column - 1]
      const least = Math.min(at(last, column) + 1, at(current, column - 1) + 1, at(last, column - 1) + (isSame ? 0 : 1))
      current.push(isSwapped && row > 1 ? Math.min(least, at(beforeLast, column - 2) + 1) : least)
    }
    beforeLast = last
    last = current
  }
  return at(last, to.length)
}

function at(row: readonly number[], column: number): number {
  return row[column] ?? Number.POSITIVE_INFINITY
}
