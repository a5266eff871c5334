import { pm2Command } from '../../bench/pm2.js'
import { readDeploy } from './deploy.js'
import { order } from './programs.js'
import { PACKAGE_ROOT, type Release } from './release.js'
import type { Supervised } from './supervised.js'

const COMMAND = pm2Command(PACKAGE_ROOT)

/** Why a test of pm2 must be skipped; false if it need not. */
export const noPm2 = COMMAND === undefined && 'npm cannot install pm2 here'

/** What pm2 starts: the launcher as in the example, or the server itself, in one of pm2's modes. */
export type Mode = 'launcher' | 'fork' | 'cluster'

/** Writes the configuration of the example for a release; returns the command, which prints what the server prints. */
export async function pm2Start(release: Release, folder: string, mode: Mode) {
  const text = await readDeploy('ecosystem.config.cjs', 'launcher')
  const own = text.replace(
    "script: 'node_modules/.bin/fastify-graceful-reload',\n      args: 'server.js'",
    "script: 'server.js'"
  )
  const changed = mode === 'launcher' ? text : own.replace("exec_mode: 'fork'", `exec_mode: '${mode}'`)
  await release.write('ecosystem.config.cjs', changed)
  const script = '"$0" "$1" start ecosystem.config.cjs && exec tail -q -n +1 -F "$2" "$3" "$4" 2>/dev/null'
  // What a worker of a cluster writes itself to its stdout is in the log of the daemon.
  const logs = ['logs/web-out', 'logs/web-error', 'pm2'].map((name) => `${folder}/${name}.log`)
  const env = { PM2_HOME: folder, PM2_DISABLE_VERSION_CHECK: 'true', PM2_DISCRETE_MODE: 'true' }
  return { command: ['sh', '-c', script, process.execPath, COMMAND ?? '', ...logs], env }
}

/** Gives pm2 an order. */
export async function pm2({ env }: Supervised, ...args: string[]): Promise<void> {
  await order(env, process.execPath, COMMAND ?? '', ...args)
}
