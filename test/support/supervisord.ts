import { readDeploy, type Starter } from './deploy.js'
import { missing, order } from './programs.js'
import type { Release } from './release.js'
import type { Supervised } from './supervised.js'

/** Why a test of supervisord must be skipped; false if it need not. */
export const noSupervisord = missing('supervisord')

/** Writes the configuration of the example for a release; returns the command. */
export async function supervisord(release: Release, folder: string, starter: Starter): Promise<string[]> {
  const text = await readDeploy('supervisord.conf', starter)
  await release.write('supervisord.conf', text.replaceAll('/run/', `${folder}/`))
  // What /dev/fd/1 stands for can only be opened if it is a pipe, as in a container; Node's are sockets.
  return ['sh', '-c', 'supervisord --configuration "$0" | cat', release.path('supervisord.conf')]
}

/** A command to the daemon. */
export function supervisorctl({ release, env }: Supervised, ...args: string[]): Promise<string> {
  return order(env, 'supervisorctl', '--configuration', release.path('supervisord.conf'), ...args)
}
