import { readDeploy, type Starter } from './deploy.js'
import { missing } from './programs.js'
import type { Release } from './release.js'

/** Why a test of npm must be skipped; false if it need not. */
export const noNpm = missing('npm')

/** Gives a release the `npm start` of the example. Returns the command. */
export async function npmStart(release: Release, starter: Starter): Promise<string[]> {
  await release.write('package.json', await readDeploy('package.json', starter))
  return ['npm', 'start', '--no-update-notifier']
}
