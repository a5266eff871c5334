import { createHash } from 'node:crypto'
import { readFileSync, statSync } from 'node:fs'

/** What is stored about a file: enough to see whether its contents have changed. */
interface Known {
  readonly isEmpty: boolean
  readonly mark: string
}

/** The files that were compared, by what has become of them. */
export interface Comparison {
  changed: string[]
  /** They had content, and are missing or empty now. */
  partial: string[]
}

/** For larger files, time and size are compared. Bytes. */
const MOST_READ = 2n ** 20n

const MISSING: Known = { isEmpty: true, mark: 'missing' }

/** What the watched files contain, so that a file which is only touched, or saved as it was, is no change. */
export class Contents {
  readonly #known = new Map<string, Known>()

  /** From now on the file is compared with its present contents, unless others are stored already. */
  note(path: string): void {
    if (!this.#known.has(path)) this.#known.set(path, read(path))
  }

  /**
   * Compares with what is known, and knows it from here on. What is missing or empty waits for the word that it is
   * meant (`isFinal`).
   */
  compare(paths: readonly string[], isFinal: boolean): Comparison {
    const comparison: Comparison = { changed: [], partial: [] }
    for (const path of paths) {
      const was = this.#known.get(path) ?? MISSING
      const is = read(path)
      if (is.mark === was.mark) continue
      if (is.isEmpty && !was.isEmpty && !isFinal) comparison.partial.push(path)
      else {
        comparison.changed.push(path)
        this.#known.set(path, is)
      }
    }
    return comparison
  }

  /** Forgets all but these. */
  keep(isWanted: (path: string) => boolean): void {
    for (const path of this.#known.keys()) if (!isWanted(path)) this.#known.delete(path)
  }
}

function read(path: string): Known {
  try {
    const stats = statSync(path, { bigint: true })
    if (!stats.isFile()) return MISSING // The contents of a pipe or of a device may never come, or never end.
    const { size, mtimeNs, ino } = stats
    if (size > MOST_READ) return { isEmpty: false, mark: `${ino} ${mtimeNs} ${size}` }
    const contents = readFileSync(path)
    return { isEmpty: contents.length === 0, mark: createHash('sha1').update(contents).digest('base64') }
  } catch {
    return MISSING // Or a file that this user may not read: nothing can be loaded from there.
  }
}
