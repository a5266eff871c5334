/**
 * Whether `process.exit()` has begun, and a listener of `exit` runs or has thrown. From then on Node drops what is
 * passed to `process.nextTick()`, so that nothing asynchronous comes to an end any more:
 * https://github.com/nodejs/node/blob/v24.0.0/lib/internal/process/task_queues.js (`nextTick`). A listener of `exit`
 * cannot tell: it is not called behind one that throws.
 *
 * Fallback: where Node no longer tells, what such a listener throws stops the process as any other uncaught error does.
 */
export function isExiting(): boolean {
  return (process as { _exiting?: unknown })._exiting === true
}
