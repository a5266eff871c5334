import type { Stats } from 'node:fs'
import { basename, dirname, join } from 'node:path'
import { folderAt } from '../../util/folder-at.js'
import { isInside } from '../../util/real-path.js'
import { foldersBelow } from './tree.js'

/** What to watch. */
export interface Wanted {
  /** The folder of the app: from there on each folder on the way to what is wanted is watched, as it may be moved. */
  readonly home: string
  /** Files, be they there or not. */
  readonly files: ReadonlySet<string>
  /** Folders, with what in them is meant. */
  readonly folders: ReadonlyArray<readonly [path: string, isMeant: (name: string) => boolean]>
  /** Folders with all that is below them; or a file, whatever its name is. */
  readonly trees: ReadonlyArray<readonly [path: string, isMeant: (name: string) => boolean]>
}

/** What to watch in one folder. */
export interface WantedInFolder {
  readonly stats: Stats
  /** Files that have a name. */
  readonly names: Set<string>
  /** All files that one of these means. */
  readonly meant: Array<(name: string) => boolean>
}

/** What to watch, folder by folder, in the present file system. */
export function foldersOf({ home, files, folders, trees }: Wanted): Map<string, WantedInFolder> {
  const byFolder = new Map<string, WantedInFolder>()
  const find = (path: string): WantedInFolder | undefined => {
    const known = byFolder.get(path)
    if (known !== undefined) return known
    const stats = folderAt(path)
    if (stats === undefined) return undefined
    const wanted: WantedInFolder = { stats, names: new Set(), meant: [] }
    byFolder.set(path, wanted)
    if (isInside(path, home)) find(dirname(path))
    return wanted
  }
  for (const file of files) add(file, find)
  for (const [path, isMeant] of folders) find(path)?.meant.push(isMeant)
  for (const [root, isMeant] of trees) {
    if (find(root) === undefined) add(root, find)
    else for (const path of foldersBelow(root)) find(path)?.meant.push(isMeant)
  }
  return byFolder
}

/** A missing file can appear in the last folder of its path that exists. */
function add(path: string, find: (path: string) => WantedInFolder | undefined): void {
  const folder = dirname(path)
  const wanted = find(folder)
  if (wanted !== undefined) wanted.names.add(basename(path))
  else if (dirname(folder) !== folder) nearest(dirname(folder), find)
}

function nearest(folder: string, find: (path: string) => WantedInFolder | undefined): void {
  if (find(folder) === undefined && dirname(folder) !== folder) nearest(dirname(folder), find)
}

/** The files in a folder that are meant, of these and those that have a name. */
export function meantIn(folder: string, { names, meant }: WantedInFolder, present: readonly string[]): string[] {
  const found = present.filter((name) => names.has(name) || meant.some((isMeant) => isMeant(name)))
  return [...new Set([...names, ...found])].map((name) => join(folder, name))
}

/** Whether a file is meant, wherever its folder is. */
export function isWanted({ files, folders, trees }: Wanted, path: string): boolean {
  const [folder, name] = [dirname(path), basename(path)]
  if (files.has(path) || folders.some(([one, isMeant]) => one === folder && isMeant(name))) return true
  return trees.some(
    ([root, isMeant]) => path === root || ((folder === root || isInside(folder, root)) && isMeant(name))
  )
}
