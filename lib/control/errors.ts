import createError from '@fastify/error'

/** The control socket could not be opened. The system's error is the `cause`. */
export const ControlSocketError = createError<[string, string]>(
  'GRACEFUL_ERR_CONTROL_SOCKET',
  'the control socket %s could not be opened: %s',
  500
)

/** What came over the control socket is no request, or came too slowly. */
export const BadRequestError = createError<[string]>('GRACEFUL_ERR_BAD_REQUEST', 'no request for a server: %s', 400)

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

/** A command was answered by something else than this package. */
export const BadAnswerError = createError<[string, string]>(
  'GRACEFUL_ERR_BAD_ANSWER',
  'the process at %s is no server with fastify-graceful-reload of this version: it answered %s',
  502
)
