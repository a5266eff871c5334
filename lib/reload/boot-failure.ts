import { execFile } from 'node:child_process'
import { hideBootWatch } from '../boot-watch.js'
import type { StartCommand } from './start-command.js'

/** How long Node may take to read one file. Milliseconds. */
const LIMIT = 5000

/** An option that Node does not know: https://nodejs.org/api/process.html#exit-codes */
const INVALID_ARGUMENT = 9

/**
 * Why a child died that never came to speak: with an option that Node does not know, or code that it cannot read, it
 * ends before anything runs that could tell. So Node is asked again, without running the code:
 * https://nodejs.org/api/cli.html#-c---check
 *
 * Returns the lines that it writes about it, none when it finds nothing wrong.
 */
export function examine(command: StartCommand, exitCode: number | null): Promise<string[]> {
  const { script, args, env, isNode } = command
  if (!isNode) return Promise.resolve([])
  if (exitCode === INVALID_ARGUMENT) {
    const options = script === undefined ? args : args.slice(0, args.indexOf(script))
    const watched = { ...env }
    hideBootWatch(watched)
    return ask(command, [...options, '--version'], watched)
  }
  if (script === undefined || !/\.[cm]?js$/.test(script)) return Promise.resolve([])
  return ask(command, ['--check', script], { ...env, NODE_OPTIONS: '' })
}

function ask({ file, cwd }: StartCommand, args: string[], env: NodeJS.ProcessEnv): Promise<string[]> {
  return new Promise((resolve) => {
    execFile(file, args, { cwd, env, timeout: LIMIT, killSignal: 'SIGKILL' }, (error, _stdout, stderr) => {
      resolve(error === null ? [] : stderr.split('\n').filter((line) => line.trim() !== ''))
    })
  })
}
