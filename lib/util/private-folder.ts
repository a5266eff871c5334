import { type BigIntStats, mkdirSync, readlinkSync } from 'node:fs'
import { join, resolve, sep } from 'node:path'
import { os } from './os.js'
import { toError } from './to-error.js'

/** As many as the kernel follows: https://man7.org/linux/man-pages/man7/path_resolution.7.html */
const MOST_LINKS = 40

const ROOT = 0n

/**
 * Makes a folder that only this user can enter, or takes the one that is there. Returns its path without links.
 *
 * Every step of the way is checked, from the root down: once no other user can replace a step, the check of the next
 * one stays true.
 *
 * @throws {Error} that says why another user could write to the folder or put another one in its place, or why it
 *   cannot be made
 */
export function privateFolder(path: string): string {
  const user = process.geteuid?.()
  if (user === undefined) throw new Error(`${path}: this system does not show who owns a folder`)
  const names = namesOf(resolve(path))
  let place: string = sep
  let links = 0
  for (let name = names.shift(); name !== undefined; name = names.shift()) {
    refuse(place, weaknessOfAncestor(findOrMake(place), BigInt(user)))
    const next = join(place, name)
    const stat = findOrMake(next)
    if (!stat.isSymbolicLink()) {
      place = next
      continue
    }
    refuse(next, weaknessOfLink(stat, BigInt(user), names.length === 0, ++links))
    const target = readlinkSync(next)
    if (target.startsWith(sep)) place = sep
    names.unshift(...namesOf(target))
  }
  refuse(place, weaknessOfFolder(findOrMake(place), BigInt(user)))
  return place
}

function weaknessOfAncestor(stat: BigIntStats, user: bigint): string | undefined {
  if (!stat.isDirectory()) return 'is not a folder: use another path'
  if (isForeign(stat, user)) return `belongs to user ${stat.uid}, who could replace what is in it: use another folder`
  // In a sticky folder, only its owner can replace an entry, or the owner of the entry: that one is checked by itself.
  if ((stat.mode & 0o022n) === 0n || (stat.mode & 0o1000n) !== 0n) return undefined
  return `can be written to by other users (mode ${octal(stat)}): take that right from them, or use another folder`
}

function weaknessOfLink(stat: BigIntStats, user: bigint, isLast: boolean, links: number): string | undefined {
  if (isLast) return 'is a symbolic link: remove it, or name the folder that it leads to'
  if (isForeign(stat, user)) return `is a link of user ${stat.uid}, who could lead it elsewhere: use another folder`
  return links > MOST_LINKS ? 'is one of too many links: use another folder' : undefined
}

function weaknessOfFolder(stat: BigIntStats, user: bigint): string | undefined {
  if (!stat.isDirectory()) return 'is not a folder: remove it, or use another path'
  if (stat.uid !== user) return `belongs to user ${stat.uid}, not to user ${user} of this process: remove it`
  if ((stat.mode & 0o077n) === 0n) return undefined
  return `is open to other users (mode ${octal(stat)}): empty it, and give it mode 700`
}

function isForeign({ uid }: BigIntStats, user: bigint): boolean {
  return uid !== ROOT && uid !== user
}

function refuse(path: string, weakness: string | undefined): void {
  if (weakness !== undefined) throw new Error(`${path} ${weakness}`)
}

/** Another process of the same service may make it at the same time. */
function findOrMake(path: string): BigIntStats {
  const found = os.stat(path)
  if (found !== undefined) return found
  let problem = 'it is gone at once'
  try {
    mkdirSync(path, { mode: 0o700 })
  } catch (error) {
    problem = toError(error).message
  }
  const made = os.stat(path)
  if (made === undefined) throw new Error(`${path} cannot be made: ${problem}`)
  return made
}

function namesOf(path: string): string[] {
  return path.split(sep).filter((name) => name !== '' && name !== '.')
}

function octal({ mode }: BigIntStats): string {
  return (mode & 0o7777n).toString(8)
}
