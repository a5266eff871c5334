import { ask, type Patience, type Question } from '../control/client.js'
import { ConnectionLostError, UsageError } from '../control/errors.js'
import {
  type ControlError,
  type ControlReloadLine,
  type ControlStatus,
  type ControlStop,
  toControlFailure
} from '../control/messages.js'
import { HEARTBEAT_INTERVAL } from '../control/reload-news.js'
import { unitDoubt } from '../util/unit-doubt.js'
import { type ClientOptions, type ControlCommand, readClientOptions } from './client-options.js'
import { type Answer, describeAnswer, describeFailure, describeProgress, USAGE } from './client-text.js'

/** What an answer, or a line of one, can be. */
type Last = ControlStatus | ControlStop | ControlReloadLine | ControlError

/** How long a process that makes a reload may be silent: it says something every five seconds. Milliseconds. */
const SILENCE = 12 * HEARTBEAT_INTERVAL

/**
 * Runs `fastify-graceful-reload reload`, `status` or `stop`. Returns the exit code: 0 done, 1 failed, 2 wrong usage.
 */
export async function runClient(command: ControlCommand, args: string[]): Promise<number> {
  const isJson = args.includes('--json')
  try {
    const options = readClientOptions(command, args, process.env)
    const { help, timeout } = options
    if (help) {
      process.stdout.write(USAGE)
      return 0
    }
    const doubt = timeout === undefined ? undefined : unitDoubt('--timeout', timeout)
    if (doubt !== undefined) process.stderr.write(`fastify-graceful-reload: ${doubt}\n`)
    return tell(await answerTo(command, options), isJson)
  } catch (error) {
    tell({ error: toControlFailure(error) }, isJson)
    if (!(error instanceof UsageError)) return 1
    if (!isJson) process.stderr.write(`\n${USAGE}`)
    return 2
  }
}

/** @throws {UnreachableError | ConnectionLostError | NoAnswerError | BadAnswerError | ControlVersionError} */
async function answerTo(command: ControlCommand, options: ClientOptions): Promise<Answer> {
  const { path, timeout } = options
  const patience: Patience = { total: timeout, silence: timeout ?? SILENCE }
  const last = await ask<Last>(path, questionOf(command, options), patience, (line) => follow(line, options.progress))
  if ('error' in last) return { error: last.error }
  if ('launcher' in last) return { status: last }
  if ('stopping' in last) return last
  if ('result' in last) return { reload: last.result }
  throw new ConnectionLostError(path, UNKNOWN_OUTCOME)
}

const UNKNOWN_OUTCOME = '; whether it reloads is unknown, see its status'

function questionOf(command: ControlCommand, { reason }: ClientOptions): Question {
  if (command === 'status') return { method: 'GET', path: '/status' }
  const unknown = command === 'reload' ? UNKNOWN_OUTCOME : '; whether it stops is unknown, see its status'
  return { method: 'POST', path: `/${command}`, body: { reason }, unknown }
}

function follow(line: Last, isTold: boolean): void {
  if (isTold && 'event' in line && line.event === 'progress') process.stderr.write(describeProgress(line))
}

/** One JSON object on stdout, whatever has come of it; or text, that of a failure on stderr. */
function tell(answer: Answer, isJson: boolean): number {
  const isFailure = 'error' in answer
  if (isJson) process.stdout.write(`${JSON.stringify(objectOf(answer))}\n`)
  else if (isFailure) process.stderr.write(describeFailure(answer.error))
  else process.stdout.write(describeAnswer(answer))
  return isFailure ? 1 : 0
}

function objectOf(answer: Answer): object {
  if ('reload' in answer) return answer.reload
  return 'status' in answer ? answer.status : answer
}
