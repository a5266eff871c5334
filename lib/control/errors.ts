import createError from '@fastify/error'

/** The control socket could not be opened. The system's error is the `cause`. */
export const ControlSocketError = createError<[string, string]>(
  'GRACEFUL_ERR_CONTROL_SOCKET',
  'the control socket %s could not be opened: %s',
  500
)

/** What came over the control socket is no request. */
export const BadRequestError = createError<[string]>('GRACEFUL_ERR_BAD_REQUEST', 'bad request: %s', 400)

/** There is nothing at the path of a request. */
export const UnknownPathError = createError<[string, string]>(
  'GRACEFUL_ERR_UNKNOWN_PATH',
  'unknown path %s; the requests are %s',
  404
)

/** The path of a request does not allow its method. */
export const BadMethodError = createError<[string, string, string]>(
  'GRACEFUL_ERR_BAD_METHOD',
  '%s does not allow %s, only %s',
  405
)

/** A request did not come in time. */
export const SlowRequestError = createError<[number]>(
  'GRACEFUL_ERR_SLOW_REQUEST',
  'the client did not send a complete request within %d ms',
  408
)

/** A request is longer than any that means something. */
export const LongRequestError = createError<[string]>('GRACEFUL_ERR_LONG_REQUEST', 'the request is too long: %s', 413)

/** Too many clients are connected to the control socket, or wait for a reload. */
export const BusyError = createError<[string]>('GRACEFUL_ERR_BUSY', 'this process is busy: %s already', 503)

/** There cannot be so many workers, or so few. */
export const WorkerCountError = createError<[number, number, number]>(
  'GRACEFUL_ERR_WORKER_COUNT',
  'the number of workers must be from 1 to %d, not %d; it is %d (to end the service, use stop)',
  409
)

/** The number of workers was to change, and is as it was. */
export const ScaleError = createError<[string]>('GRACEFUL_ERR_SCALE', 'the number of workers stays as it was: %s', 502)

/** The service ends, so nobody gets another number of workers. */
export const ScaleStoppingError = createError(
  'GRACEFUL_ERR_STOPPING',
  'the number of workers cannot be changed: the service is stopping',
  503
)

/** A caller requested another number of workers of a process without a launcher. */
export const NoWorkersError = createError<[string]>('GRACEFUL_ERR_NO_WORKERS', 'this process has no workers: %s', 501)

/** Command and server come from releases that do not understand each other. */
export const ControlVersionError = createError<[string]>('GRACEFUL_ERR_CONTROL_VERSION', '%s', 400)

/** A command of `fastify-graceful-reload` was given arguments that it cannot use. */
export const UsageError = createError<[string]>('GRACEFUL_ERR_USAGE', '%s', 400)

/** A command found nobody at the control socket. The system's error is the `cause`. */
export const UnreachableError = createError<[string, string]>(
  'GRACEFUL_ERR_UNREACHABLE',
  'no server can be reached at %s: %s',
  503
)

/** The connection of a command ended before the answer. */
export const ConnectionLostError = createError<[string, string]>(
  'GRACEFUL_ERR_CONNECTION_LOST',
  'the connection to %s was lost before the answer%s',
  502
)

/** A command was not answered in time. */
export const NoAnswerError = createError<[string, number, string]>(
  'GRACEFUL_ERR_NO_ANSWER',
  'the process at %s did not answer within %d ms%s',
  504
)

/** What a command has requested takes longer than the command may wait. */
export const NotOverError = createError<[string, number]>(
  'GRACEFUL_ERR_NOT_OVER',
  '%s is still in progress after %d ms',
  504
)

/** A command was answered by something else than this package. */
export const BadAnswerError = createError<[string, string]>(
  'GRACEFUL_ERR_BAD_ANSWER',
  'the process at %s is no server with fastify-graceful-reload: it answered %s',
  502
)
