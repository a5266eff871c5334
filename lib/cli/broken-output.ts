/**
 * The reader of what a command prints may be gone, or its disk full. Of a command that changes something, the exit code
 * reports the outcome all the same. One that only shows something has failed where it could not be written; nobody has
 * failed where nobody reads on.
 */
export function surviveBrokenOutput(changes: boolean): void {
  process.stderr.on('error', () => {})
  let isTold = false
  process.stdout.on('error', ({ code, message }: NodeJS.ErrnoException) => {
    if (code === 'EPIPE' || isTold) return
    isTold = true
    process.stderr.write(`fastify-graceful-reload: the output could not be written: ${message}\n`)
    if (changes) return
    process.on('exit', () => {
      process.exitCode ||= 1
    })
  })
}
