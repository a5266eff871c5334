import { BusyError, ScaleError, ScaleStoppingError, WorkerCountError } from '../control/errors.js'
import {
  fromPlainError,
  NotListeningError,
  OutcomeUnknownError,
  StoppingError,
  toPlainError,
  UnsupportedError
} from '../errors.js'
import { describeEnding } from '../process/channel-process.js'
import type { Failure } from '../protocol/launcher.js'
import { MOST_WORKERS } from '../protocol/worker-count.js'
import { exitErrorOf } from '../reload/boot-failure.js'
import { toError } from '../util/to-error.js'
import type { Server } from './server.js'

/**
 * The error that the failure of a reload amounts to. `server`: the one that was late or exited, if it is still known.
 */
export function errorOf(failure: Failure, server: Server | undefined): Error {
  switch (failure.kind) {
    case 'said':
      return fromPlainError(failure.error)
    case 'not started':
      return toError(failure.error)
    case 'ended':
      return new OutcomeUnknownError(`the process that made it ${describeEnding(failure.ending)}`)
    case 'exited':
      return exitErrorOf(failure.ending, server?.lastSaid ?? { error: undefined, stderr: [] })
    case 'late':
      return new OutcomeUnknownError(`server ${server?.pid} did not report its progress in time`)
    case 'not listening':
      return new NotListeningError()
    case 'no plugin':
      return new UnsupportedError('a server that has not loaded fastify-graceful-reload', 'register it in the app')
    case 'stopping':
      return new StoppingError('stop')
    case 'no boot':
    case 'left':
    case 'none serves':
    case 'none stays':
    case 'out of range':
    case 'busy':
      return scaleErrorOf(failure, server)
    default:
      return failure satisfies never
  }
}

/** The same error, of one of several workers. */
export function errorOfWorker(error: Error, worker: number, workers: number): Error {
  const { message, stack, ...plain } = toPlainError(error)
  const named = `worker ${worker} of ${workers}: ${message}`
  // A function, since a message may have a `$`.
  return fromPlainError({
    ...plain,
    worker,
    message: named,
    ...(stack && { stack: stack.replace(message, () => named) })
  })
}

type OfScale = Extract<Failure, { kind: 'no boot' | 'left' | 'none serves' | 'none stays' | 'out of range' | 'busy' }>

/** Only another number of workers fails like this. */
function scaleErrorOf(failure: OfScale, server: Server | undefined): Error {
  switch (failure.kind) {
    case 'no boot':
      return new ScaleError(`server ${server?.pid} of a new worker did not serve within readyTimeout and was killed`)
    case 'left':
      return new ScaleError(`server ${server?.pid} of a new worker began to leave before all new ones served`)
    case 'none serves':
      return new ScaleError('no worker has a server that serves')
    case 'none stays':
      return new ScaleError('of the workers that would stay, none answers')
    case 'out of range':
      return new WorkerCountError(MOST_WORKERS, failure.target, failure.count)
    case 'busy':
      return new BusyError(`${failure.waiting} changes of the number of workers wait`)
    default:
      return failure satisfies never
  }
}

/** Why the number of workers stays as it was. `server`: the one that did not serve in time, if it is still known. */
export function scaleFailureOf(failure: Failure, server: Server | undefined): Error {
  if (failure.kind === 'stopping') return new ScaleStoppingError()
  if (failure.kind === 'exited') {
    const error = new ScaleError(`the server of a new worker ${describeEnding(failure.ending)} before it served`)
    return Object.assign(error, failure.ending)
  }
  if (failure.kind !== 'not started') return errorOf(failure, server)
  return Object.assign(new ScaleError(toError(failure.error).message), { cause: failure.error })
}
