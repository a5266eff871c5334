import { spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'

/** The highest number of a group: https://man7.org/linux/man-pages/man2/chown.2.html keeps -1 for "leave it". */
export const HIGHEST_GROUP = 2 ** 32 - 2

/** How long the system may take to look a group up in a directory elsewhere. Milliseconds. */
const LOOKUP_LIMIT = 5000

/** The number of a group of this system; undefined if there is none of that name. Node has no call for it. */
export function groupNumber(name: string): number | undefined {
  return numberIn(groupFile(), name) ?? numberIn(lookUp(name), name)
}

/** https://man7.org/linux/man-pages/man5/group.5.html */
function groupFile(): string {
  try {
    return readFileSync('/etc/group', 'utf8')
  } catch {
    return '' // A system without one keeps its groups elsewhere.
  }
}

/**
 * Groups of a directory service: https://man7.org/linux/man-pages/man1/getent.1.html. Without this command there are
 * none.
 */
function lookUp(name: string): string {
  if (name.startsWith('-')) return ''
  try {
    const { stdout } = spawnSync('getent', ['group', name], { encoding: 'utf8', timeout: LOOKUP_LIMIT })
    return stdout ?? ''
  } catch {
    return '' // The permission model lets this process start no other one.
  }
}

function numberIn(text: string, name: string): number | undefined {
  const [, , number] =
    text
      .split('\n')
      .map((line) => line.split(':'))
      .find(([each]) => each === name) ?? []
  return number !== undefined && /^\d+$/.test(number) ? Number(number) : undefined
}
