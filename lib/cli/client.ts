import { ask, type Patience } from '../control/client.js'
import { ConnectionLostError, UsageError } from '../control/errors.js'
import { type ControlFailure, toControlFailure } from '../control/failure.js'
import type { ControlError, ControlStatus } from '../control/messages.js'
import { HEARTBEAT_INTERVAL, placeOf } from '../control/progress-news.js'
import { printable } from '../util/printable.js'
import { unitDoubt } from '../util/unit-doubt.js'
import { type ClientOptions, readClientOptions } from './client-options.js'
import { type Answer, COMMANDS, type Command, type CommandName } from './commands.js'
import { describeFailure, describeProgress } from './describe-reload.js'
import { onInterruption } from './interruption.js'
import { paintFor } from './paint.js'
import { type Progress, progressOn } from './progress-line.js'
import { commandUsage, withAdvice } from './usage.js'
import { watchStatus } from './watch-status.js'

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
    if (options.watch) return await watch(command, options)
    return tell(command, await follow(command, options), isJson)
  } catch (error) {
    const failure = toControlFailure(error)
    if (!(error instanceof UsageError)) return tellFailure(failure, isJson)
    if (isJson) tellFailure(failure, isJson)
    else process.stderr.write(`fastify-graceful-reload: ${printable(withAdvice(failure.message, name))}\n`)
    return 2
  }
}

/**
 * @throws {UnreachableError | ConnectionLostError | NoAnswerError | NotOverError | BadAnswerError |
 *   ControlVersionError}
 */
async function follow(command: Command, options: ClientOptions): Promise<object | ControlError> {
  const stream = process[options.progress ?? 'stderr']
  const progress = options.progress === undefined ? undefined : progressOn(stream, process.env)
  const stopListening = onInterruption(() => {
    progress?.end()
    if (command.interrupted !== undefined) process.stderr.write(`fastify-graceful-reload: ${command.interrupted}\n`)
  })
  const paint = paintFor(stream, process.env)
  try {
    const answer = await answerTo(command, options, { progress })
    progress?.end('error' in answer ? paint('failed', 'bad') : paint('done', 'good'))
    return answer
  } finally {
    stopListening()
    progress?.end()
  }
}

/**
 * @throws {UnreachableError | ConnectionLostError | NoAnswerError | NotOverError | BadAnswerError |
 *   ControlVersionError}
 */
async function answerTo(
  command: Command,
  options: ClientOptions,
  { progress, end }: { progress?: Progress | undefined; end?: AbortSignal } = {}
): Promise<object | ControlError> {
  const { path, timeout } = options
  const patience: Patience = { total: timeout, silence: timeout ?? SILENCE, end }
  const question = command.question(options)
  const last = await ask<Answer | ControlError>(path, question, patience, (line) => {
    if ('event' in line && line.event === 'progress')
      progress?.tell(placeOf(line), (since) => describeProgress(line, since))
  })
  if ('error' in last) return last
  const answer = command.answerOf(last)
  if (answer === undefined) throw new ConnectionLostError(path, question.unknown ?? '')
  return answer
}

/** Asks again and again. */
function watch(command: Command, options: ClientOptions): Promise<number> {
  const { path, json: isJson } = options
  const look = async (end: AbortSignal) => {
    const answer = await answerTo(command, options, { end })
    if ('error' in answer) throw Object.assign(new Error(answer.error.message), answer.error)
    return answer as ControlStatus
  }
  return watchStatus({ look, path, isJson })
}

/** Prints the outcome: as one JSON object on stdout, or as text, which for a failure goes to stderr. */
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
