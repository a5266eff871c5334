import * as fs from 'node:fs'
import { chmodSync, chownSync, closeSync, constants, lchownSync, openSync } from 'node:fs'
import { os } from '../util/os.js'

/**
 * Opens the file itself, whatever it is: https://man7.org/linux/man-pages/man2/open.2.html. Node has no name for it.
 */
const O_PATH = 0o10000000

const OWN_UID = -1

/**
 * Says who may connect to the unix socket at a path. By its path alone that would be unsafe: in a folder that others
 * can write to, a link may have taken its place, and the file that it leads to would be opened to a group, or closed to
 * everybody.
 *
 * Nothing is done to what is no socket of this user, or is as it should be: the child of a reload has the socket of its
 * parent.
 *
 * @param group - its number; undefined: leave it
 * @throws {Error} of `fs`, e.g. EPERM: the user of this process is not in the group
 */
export function giveAccess(path: string, mode: number, group: number | undefined): void {
  const stat = os.stat(path)
  if (!stat?.isSocket() || Number(stat.uid) !== process.geteuid?.()) return
  const isGroup = group === undefined || Number(stat.gid) === group
  if (isGroup && Number(stat.mode & 0o777n) === mode) return
  if (process.platform === 'linux') giveByDescriptor(path, mode, isGroup ? undefined : group)
  else {
    if (!isGroup) lchownSync(path, OWN_UID, group)
    // On macOS alone: https://nodejs.org/api/fs.html#fslchmodsyncpath-mode
    const { lchmodSync } = fs as { lchmodSync?: typeof chmodSync }
    lchmodSync?.(path, mode)
  }
}

/** The group first, as long as the socket lets nobody in. */
function giveByDescriptor(path: string, mode: number, group: number | undefined): void {
  const file = openSync(path, O_PATH | constants.O_NOFOLLOW)
  try {
    if (!os.stat(file)?.isSocket()) return
    const name = `/proc/self/fd/${file}`
    if (group !== undefined) chownSync(name, OWN_UID, group)
    chmodSync(name, mode)
  } finally {
    closeSync(file)
  }
}
