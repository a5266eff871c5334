import { type Stats, statSync } from 'node:fs'

/** What the system says of the folder at a path, links followed; undefined if there is none that could be had. */
export function folderAt(path: string): Stats | undefined {
  try {
    const stats = statSync(path)
    return stats.isDirectory() ? stats : undefined
  } catch {
    return undefined // ENOENT, ENOTDIR; or EACCES, ELOOP, ENAMETOOLONG; or what is no path, with a null byte in it.
  }
}
