import { execFile, spawnSync } from 'node:child_process'
import { promisify } from 'node:util'

/** A user who is neither root nor the one who runs the test. Its number need not be in a table of users. */
export const STRANGER = 54_321
export const STRANGERS_GROUP = 54_322
/** A group that neither of them belongs to. */
export const OTHER_GROUP = 54_323

/** Why a test cannot act as another user; false if it can. */
export const NO_OTHER_USER: string | false =
  process.getuid?.() !== 0 || spawnSync('setpriv', ['--version']).status !== 0 ? 'needs root, and setpriv' : false

/** Runs a command as the stranger, who is in these further groups. Resolves also when it fails. */
export async function asStranger(
  command: readonly [string, ...string[]],
  groups: readonly number[] = []
): Promise<{ code: number; stdout: string; stderr: string }> {
  const memberships = groups.length === 0 ? ['--clear-groups'] : ['--groups', groups.join()]
  const user = ['--reuid', String(STRANGER), '--regid', String(STRANGERS_GROUP), ...memberships]
  const options = { env: { PATH: process.env.PATH }, cwd: '/' }
  return promisify(execFile)('setpriv', [...user, ...command], options).then(
    ({ stdout, stderr }) => ({ code: 0, stdout, stderr }),
    ({ code, stdout, stderr }) => ({ code, stdout, stderr })
  )
}
