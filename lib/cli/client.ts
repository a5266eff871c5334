import { ask } from '../control/client.js'
import { UsageError } from '../control/errors.js'
import { type ControlAnswer, type ControlCommand, toControlFailure } from '../control/messages.js'
import { unitDoubt } from '../util/unit-doubt.js'
import { readClientOptions } from './client-options.js'
import { describeAnswer, describeFailure, USAGE } from './client-text.js'

/** Runs `fastify-graceful-reload reload` or `fastify-graceful-reload status`. Returns the exit code: 0 done, 1 failed, 2 wrong usage. */
export async function runClient(command: ControlCommand, args: string[]): Promise<number> {
  const isJson = args.includes('--json')
  try {
    const { help, path, reason, timeout } = readClientOptions(command, args, process.env)
    if (help) {
      process.stdout.write(USAGE)
      return 0
    }
    const doubt = unitDoubt('--timeout', timeout)
    if (doubt !== undefined) process.stderr.write(`fastify-graceful-reload: ${doubt}\n`)
    return tell(await ask(path, command === 'reload' ? { command, reason } : { command }, timeout), isJson)
  } catch (error) {
    tell({ error: toControlFailure(error) }, isJson)
    if (!(error instanceof UsageError)) return 1
    if (!isJson) process.stderr.write(`\n${USAGE}`)
    return 2
  }
}

/** One JSON object on stdout, whatever has come of it; or text, that of a failure on stderr. */
function tell(answer: ControlAnswer, isJson: boolean): number {
  const isFailure = 'error' in answer
  if (isJson) {
    const object = isFailure ? answer : 'reload' in answer ? answer.reload : answer.status
    process.stdout.write(`${JSON.stringify(object)}\n`)
  } else if (isFailure) process.stderr.write(describeFailure(answer.error))
  else process.stdout.write(describeAnswer(answer))
  return isFailure ? 1 : 0
}
