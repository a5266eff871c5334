import { parseArgs } from 'node:util'
import { UsageError } from '../control/errors.js'
import { CONTROL_VARIABLE } from '../control/place.js'
import { didYouMean } from '../util/closest.js'
import { LONGEST_TIMER } from '../util/deadline.js'

/** The commands that ask a running process. */
export type ControlCommand = 'reload' | 'status' | 'stop'

/** What a command of `fastify-graceful-reload` was told. */
export interface ClientOptions {
  help: boolean
  json: boolean
  /** Path of the control socket. */
  path: string
  reason: string
  /** Whether to tell on stderr how a reload goes. */
  progress: boolean
  /** For the whole answer. Milliseconds; undefined: for as long as the reload goes on. */
  timeout: number | undefined
}

/** How long to wait for an answer, unless told otherwise. How long a reload takes only the server knows. Milliseconds. */
const TIMEOUT = { status: 5_000, stop: 5_000, reload: undefined }

/**
 * Reads the arguments of a command.
 *
 * @throws {UsageError}
 */
export function readClientOptions(command: ControlCommand, args: string[], env: NodeJS.ProcessEnv): ClientOptions {
  const {
    help = false,
    json = false,
    progress = process.stderr.isTTY === true,
    control,
    reason = `fastify-graceful-reload ${command}`,
    timeout
  } = parse(command, args)
  const path = control ?? env[CONTROL_VARIABLE] ?? ''
  if (!help && path === '')
    throw new UsageError(
      `no control socket given: use --control <path> or ${CONTROL_VARIABLE}, as in the option control`
    )
  return { help, json, path, reason, progress, timeout: durationOf(timeout) ?? TIMEOUT[command] }
}

interface Values {
  help?: boolean
  json?: boolean
  control?: string
  timeout?: string
  reason?: string
  progress?: boolean
}

function parse(command: ControlCommand, args: string[]): Values {
  const options = {
    help: { type: 'boolean' },
    json: { type: 'boolean' },
    control: { type: 'string' },
    timeout: { type: 'string' },
    ...(command !== 'status' && { reason: { type: 'string' as const } }),
    ...(command === 'reload' && { progress: { type: 'boolean' as const } })
  } as const
  try {
    return parseArgs({ args, options, strict: true }).values as Values
  } catch (cause) {
    // Of several sentences, the first says what is wrong.
    const [problem = ''] = (cause as Error).message.split('. ', 1)
    const unknown = /^Unknown option '--([^']+)'/.exec(problem)?.[1] ?? ''
    throw Object.assign(new UsageError(`${problem}${didYouMean(unknown, Object.keys(options), '--')}`), { cause })
  }
}

function durationOf(timeout: string | undefined): number | undefined {
  if (timeout === undefined) return undefined
  const duration = Number(timeout)
  if (/^\d+$/.test(timeout) && duration >= 1 && duration <= LONGEST_TIMER) return duration
  throw new UsageError(
    `--timeout must be a whole number of milliseconds from 1 to ${LONGEST_TIMER}, received ${timeout}`
  )
}
