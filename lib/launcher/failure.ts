import {
  ChildExitedError,
  fromPlainError,
  NotListeningError,
  OutcomeUnknownError,
  StoppingError,
  toError,
  UnsupportedError
} from '../errors.js'
import { describeEnding } from '../process/subprocess.js'
import type { Failure } from '../protocol/launcher.js'
import type { Server } from './server.js'

/** The error that the failure of a reload amounts to. `server`: the one that was late, if it is still known. */
export function errorOf(failure: Failure, server: Server | undefined): Error {
  switch (failure.kind) {
    case 'said':
      return fromPlainError(failure.error)
    case 'not started':
      return toError(failure.error)
    case 'ended':
      return new OutcomeUnknownError(`the process that made it ${describeEnding(failure.ending)}`)
    case 'exited': {
      const error = new ChildExitedError(describeEnding(failure.ending))
      return Object.assign(error, failure.ending, { stderr: [] })
    }
    case 'late':
      return new OutcomeUnknownError(`server ${server?.pid} did not say in time how it goes`)
    case 'not listening':
      return new NotListeningError()
    case 'no plugin':
      return new UnsupportedError('a server that has not loaded fastify-graceful-reload', 'register it in the app')
    case 'stopping':
      return new StoppingError('stop')
    default:
      return failure satisfies never
  }
}
