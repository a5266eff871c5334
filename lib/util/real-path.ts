import { realpathSync } from 'node:fs'
import { sep } from 'node:path'

/** The path without links; undefined if nothing is there (any more). */
export function realPath(path: string | undefined): string | undefined {
  try {
    return path === undefined ? undefined : realpathSync(path)
  } catch {
    return undefined
  }
}

/** Whether a path is below a folder. Both are without links. */
export function isInside(path: string, folder: string): boolean {
  return path.startsWith(folder.endsWith(sep) ? folder : folder + sep)
}
