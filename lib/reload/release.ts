import { readdirSync, readFileSync } from 'node:fs'
import { dirname, join, relative } from 'node:path'
import { isInside, realPath } from '../util/real-path.js'

/** What a process has loaded. Paths are without links. */
export interface Release {
  /** The script; undefined where there is none, as with `node -e`. */
  script: string | undefined
  /** The directory that the process was started in. */
  directory: string
  /** The `version` of the app's package.json; undefined if there is none. */
  version: string | undefined
  /** The version of Node. */
  node: string
}

/** How far up from the script a link is looked for. */
const LEVELS = 4

/** How many entries of a folder are looked at. */
const ENTRIES = 1000

/** Takes note of what this process has loaded. */
export function releaseOf(script: string | undefined, directory: string): Release {
  return { script, directory, version: versionOf(script, directory), node: process.version }
}

/** Whether two processes have loaded the same code, as far as paths and versions tell. */
export function isSameRelease(one: Release, other: Release): boolean {
  return one.script === other.script && one.version === other.version && one.directory === other.directory
}

/** A release in words. */
export function describeRelease({ script, directory, version }: Release): string {
  const folder = script === undefined ? directory : dirname(script)
  return `${version === undefined ? 'release' : `version ${version}`} in ${folder}`
}

/** How a release is the same as the one before it. The code may differ: a file can be edited in place. */
export function describeSame({ version }: Release): string {
  return version === undefined ? 'same folder' : 'same folder and version'
}

/**
 * A link beside the release that leads to another one with the same script, as `current` does when the new release was
 * meant: this process was not started through it.
 */
export function linkBeside(script: string | undefined): string | undefined {
  if (script === undefined) return undefined
  const folders = ancestorsOf(script).slice(0, LEVELS)
  for (const folder of folders) {
    const rest = relative(folder, script)
    for (const place of ancestorsOf(folder).slice(0, 2)) {
      const link = linksIn(place).find((path) => {
        const target = realPath(path)
        return target !== undefined && !isInside(script, target) && realPath(join(target, rest)) !== undefined
      })
      if (link !== undefined) return link
    }
  }
  return undefined
}

/** That of the app: a script in `node_modules` is the program that runs it. */
function versionOf(script: string | undefined, directory: string): string | undefined {
  const isProgram = script === undefined || script.split('/').includes('node_modules')
  const folders = isProgram ? [directory, ...ancestorsOf(directory)] : ancestorsOf(script)
  for (const folder of folders) {
    const version = versionIn(folder)
    if (version !== undefined) return version
  }
  return undefined
}

function versionIn(folder: string): string | undefined {
  try {
    const { version } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')) as { version?: unknown }
    return typeof version === 'string' ? version : undefined
  } catch {
    return undefined
  }
}

/** The folders above a path, the nearest one first, without the root. */
function ancestorsOf(path: string): string[] {
  const above = dirname(path)
  return above === path || above === dirname(above) ? [] : [above, ...ancestorsOf(above)]
}

function linksIn(folder: string): string[] {
  try {
    const entries = readdirSync(folder, { withFileTypes: true }).slice(0, ENTRIES)
    return entries.filter((entry) => entry.isSymbolicLink()).map(({ name }) => join(folder, name))
  } catch {
    return [] // A folder that this user may not read.
  }
}
