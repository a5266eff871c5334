import { execFile } from 'node:child_process'
import type { StartCommand } from './start-command.js'

/** How long Node may take to read one file. Milliseconds. */
const LIMIT = 5000

/**
 * Why a child died that never came to speak: code that cannot be read fails before any of it runs, this plugin
 * included. `node --check` reads the script again without running it: https://nodejs.org/api/cli.html#-c---check
 *
 * Returns the lines that Node writes about it, none when the script can be read.
 */
export function examine({ file, script, cwd, env }: StartCommand): Promise<string[]> {
  if (script === undefined || !/\.[cm]?js$/.test(script)) return Promise.resolve([])
  const options = { cwd, env: { ...env, NODE_OPTIONS: '' }, timeout: LIMIT, killSignal: 'SIGKILL' as const }
  return new Promise((resolve) => {
    execFile(file, ['--check', script], options, (error, _stdout, stderr) => {
      resolve(error === null ? [] : stderr.split('\n').filter((line) => line.trim() !== ''))
    })
  })
}
