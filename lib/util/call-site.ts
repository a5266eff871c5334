import { fileURLToPath } from 'node:url'

/** A line of a stack, from https://v8.dev/docs/stack-trace-api: with the name of the function or without it. */
const LINE = /(?:\(|at (?:async )?)((?:file:\/\/)?\/[^()]*?|[A-Za-z]:\\[^()]*?):(\d+):\d+\)?$/

/**
 * The file and line that have called a function which is being run, of code that is not Node's own; undefined if it is
 * not being run.
 *
 * @param callee - everything below it counts
 */
// biome-ignore lint/suspicious/noExplicitAny: any function
export function callerOf(callee: (...args: any[]) => unknown): string | undefined {
  const holder: { stack?: string } = {}
  Error.captureStackTrace(holder, callee)
  return placeIn(String(holder.stack ?? ''))
}

/** Whether a function is being run, by the app or by Node. */
// biome-ignore lint/suspicious/noExplicitAny: any function
export function isCalled(callee: (...args: any[]) => unknown): boolean {
  const holder: { stack?: string } = {}
  Error.captureStackTrace(holder, callee)
  // What it is may be up to the app: https://v8.dev/docs/stack-trace-api#customizing-stack-traces
  return String(holder.stack).includes('\n')
}

/** The first file and line of a stack, of code that is not Node's own. */
export function placeIn(stack: string): string | undefined {
  for (const line of stack.split('\n')) {
    const [, file, number] = LINE.exec(line.trimEnd()) ?? []
    if (file !== undefined) return `${file.startsWith('file:') ? fileURLToPath(file) : file}:${number}`
  }
  return undefined
}
