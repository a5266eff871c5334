import { ask, type Patience } from '../control/client.js'
import { ConnectionLostError, UsageError } from '../control/errors.js'
import { type ControlError, type ControlFailure, toControlFailure } from '../control/messages.js'
import { HEARTBEAT_INTERVAL } from '../control/reload-news.js'
import { printable } from '../util/printable.js'
import { unitDoubt } from '../util/unit-doubt.js'
import { type ClientOptions, readClientOptions } from './client-options.js'
import { type Answer, COMMANDS, type Command, type CommandName } from './commands.js'
import { describeFailure, describeProgress } from './describe-reload.js'
import { paintFor } from './paint.js'
import { commandUsage, withAdvice } from './usage.js'

/** How long a process that makes a reload may be silent: it says something every five seconds. Milliseconds. */
const SILENCE = 12 * HEARTBEAT_INTERVAL

/** Runs a command that asks a running process. Returns the exit code: 0 done, 1 failed, 2 wrong usage. */
export async function runClient(name: CommandName, args: string[]): Promise<number> {
  const isJson = args.includes('--json')
  const command: Command = COMMANDS[name]
  try {
    const options = readClientOptions(name, args, process.env)
    if (options.help) {
      process.stdout.write(commandUsage(name))
      return 0
    }
    const { timeout } = options
    const doubt = timeout === undefined ? undefined : unitDoubt('--timeout', timeout)
    if (doubt !== undefined) process.stderr.write(`fastify-graceful-reload: ${doubt}\n`)
    return tell(command, await answerTo(command, options), isJson)
  } catch (error) {
    const failure = toControlFailure(error)
    if (!(error instanceof UsageError)) return tellFailure(failure, isJson)
    if (isJson) tellFailure(failure, isJson)
    else process.stderr.write(`fastify-graceful-reload: ${printable(withAdvice(failure.message, name))}\n`)
    return 2
  }
}

/** @throws {UnreachableError | ConnectionLostError | NoAnswerError | BadAnswerError | ControlVersionError} */
async function answerTo(command: Command, options: ClientOptions): Promise<object | ControlError> {
  const { path, timeout } = options
  const patience: Patience = { total: timeout, silence: timeout ?? SILENCE }
  const question = command.question(options)
  const follow = (line: Answer | ControlError) => options.progress && tellProgress(line)
  const last = await ask<Answer | ControlError>(path, question, patience, follow)
  if ('error' in last) return last
  const answer = command.answerOf(last)
  if (answer === undefined) throw new ConnectionLostError(path, question.unknown ?? '')
  return answer
}

function tellProgress(line: Answer | ControlError): void {
  if ('event' in line && line.event === 'progress') process.stderr.write(`${describeProgress(line)}\n`)
}

/** One JSON object on stdout, whatever has come of it; or text, that of a failure on stderr. */
function tell(command: Command, answer: object | ControlError, isJson: boolean): number {
  if ('error' in answer) return tellFailure(answer.error, isJson)
  process.stdout.write(
    isJson ? `${JSON.stringify(answer)}\n` : command.describe(answer, paintFor(process.stdout, process.env))
  )
  return 0
}

function tellFailure(error: ControlFailure, isJson: boolean): number {
  if (isJson) process.stdout.write(`${JSON.stringify({ error })}\n`)
  else process.stderr.write(describeFailure(error, paintFor(process.stderr, process.env)))
  return 1
}
