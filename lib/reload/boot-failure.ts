import { execFile } from 'node:child_process'
import { hideBootWatch } from '../boot-watch.js'
import { ChildExitedError, fromPlainError, type PlainError } from '../errors.js'
import { describeEnding, type Ending } from '../process/channel-process.js'
import type { StartCommand } from './start-command.js'

/** How long Node may take to read one file. Milliseconds. */
const LIMIT = 5000

/** An option that Node does not know: https://nodejs.org/api/process.html#exit-codes */
const INVALID_ARGUMENT = 9

/** What a process has said of its own failure before it ended. */
export interface LastSaid {
  readonly error: PlainError | undefined
  readonly stderr: string[]
}

/**
 * The error that the end of a process before it served amounts to. What it said itself is not in the message, which an
 * app may send to a client: it can hold a secret.
 */
export function exitErrorOf({ exitCode, signal }: Ending, { error, stderr }: LastSaid): Error {
  const why = error ?? mainLineOf(stderr)
  const failure = new ChildExitedError(describeEnding({ exitCode, signal }))
  return Object.assign(failure, { exitCode, signal, stderr }, why && { cause: fromPlainError(why) })
}

/** The same words, with what Node says about code that it cannot read, where the process could not. */
export async function withExamination(command: StartCommand, ending: Ending, said: LastSaid): Promise<LastSaid> {
  const { error, stderr } = said
  const isSilent = error === undefined && stderr.length === 0 && ending.signal === null
  if (!isSilent && !isPlaceless(error, stderr)) return said
  return { error, stderr: [...(await examine(command, ending.exitCode)), ...stderr] }
}

/**
 * Node does not tell the program where the syntax of an ES module is wrong: only its own last words have the file and
 * the line.
 */
function isPlaceless(error: PlainError | undefined, lines: readonly string[]): boolean {
  return error?.name === 'SyntaxError' && !lines.some((line) => /(?:file:\/\/|[\s(]\/)\S+:\d+/.test(line))
}

/** The line that says most about why a process ended. */
function mainLineOf(lines: readonly string[]): PlainError | undefined {
  const message = lines.findLast((line) => /error/i.test(line)) ?? lines.at(-1)
  return message === undefined ? undefined : { name: 'Error', message }
}

/**
 * Why a child died that never sent a message. With an option that Node does not know, or code that it cannot read, it
 * ends before any code runs that could report it. So this starts Node again, which checks the code without running it:
 * https://nodejs.org/api/cli.html#-c---check
 *
 * Returns the lines that it writes about it, none when it finds nothing wrong.
 */
function examine(command: StartCommand, exitCode: number | null): Promise<string[]> {
  const { script, args, env, isNode } = command
  if (!isNode) return Promise.resolve([])
  if (exitCode === INVALID_ARGUMENT) {
    const watched = { ...env }
    hideBootWatch(watched)
    // The app may end with this code itself. With this option before all others, Node reads its options, and runs none
    // of the code among the arguments, whichever of them that is.
    return ask(command, ['--version', ...args], watched)
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
