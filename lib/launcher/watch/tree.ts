import { readdirSync } from 'node:fs'
import { join } from 'node:path'

/** More would be no folder of an app, but a disk. */
const MOST_FOLDERS = 5000

/** Folders that the author of an app does not write. */
const FOREIGN = /^(node_modules|\..*)$/

/**
 * What editors leave beside the files that they save: https://vimhelp.org/recover.txt.html, and `4913` to try whether
 * they may.
 */
const OF_EDITORS = /^\.|~$|^4913$|^#.*#$|\.(sw[a-p]|tmp)$/

/** Files that Node can load, except data, which the server may write itself. */
const SOURCE = /\.([cm]?[jt]s|[jt]sx)$/

/** The folder and all folders below it, except `node_modules` and hidden ones. Links are not followed. */
export function foldersBelow(root: string): string[] {
  const found = [root]
  for (let index = 0; index < found.length && found.length < MOST_FOLDERS; index++) {
    const folder = found[index] as string
    for (const entry of entriesOf(folder)) {
      if (entry.isDirectory() && !FOREIGN.test(entry.name)) found.push(join(folder, entry.name))
    }
  }
  return found.slice(0, MOST_FOLDERS)
}

/** The names of the files in a folder. */
export function filesIn(folder: string): string[] {
  return entriesOf(folder).flatMap((entry) => (entry.isDirectory() ? [] : [entry.name]))
}

/** Whether a file of a folder that somebody has named may be meant. */
export const isPlain = (name: string): boolean => !OF_EDITORS.test(name)

/** Whether it may be what a server could not load. */
export const isSource = (name: string): boolean => isPlain(name) && SOURCE.test(name)

function entriesOf(folder: string) {
  try {
    return readdirSync(folder, { withFileTypes: true })
  } catch {
    return [] // It has just gone, or is not for this user.
  }
}
