import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { PACKAGE_ROOT } from './release.js'

const COMMAND = join(PACKAGE_ROOT, 'node_modules/fastify-cli/cli.js')

/** Why a test of fastify-cli must be skipped; false if it need not. */
export const noFastifyCli = !existsSync(COMMAND) && 'fastify-cli is not installed'

/**
 * The arguments by which Node or the launcher runs `fastify start` for a plugin, on a free port; with the shortest time
 * that fastify-cli can give a stop.
 */
export function fastifyStart(plugin: string): { args: string[]; env: Record<string, string> } {
  const options = ['--log-level', 'info', '--address', '127.0.0.1', '--close-grace-delay', '1']
  return { args: [COMMAND, 'start', ...options, plugin], env: { PORT: '0' } }
}
