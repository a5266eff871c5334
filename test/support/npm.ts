import { readDeploy, type Starter } from './deploy.js'
import { missing } from './programs.js'
import type { Release } from './release.js'

/** Why a test of npm must be skipped; false if it need not. */
export const noNpm = missing('npm')

/** Makes `npm start` of a release what it is in the example; returns the command. */
export async function npmStart(release: Release, starter: Starter): Promise<string[]> {
  await release.write('package.json', await readDeploy('package.json', starter))
  return ['npm', 'start', '--no-update-notifier']
}
