#!/usr/bin/env node
import { isCommand, isLocal } from './commands.js'

const [first, ...rest] = process.argv.slice(2)

/**
 * The reader of what a command prints may be gone, or its disk full. Of a command that changes something, the exit code
 * tells the outcome all the same. One that only shows something has failed where it could not be written; nobody has
 * failed where nobody reads on.
 */
function outliveReaders(changes: boolean): void {
  process.stderr.on('error', () => {})
  process.stdout.on('error', ({ code, message }: NodeJS.ErrnoException) => {
    if (code === 'EPIPE') return
    process.stderr.write(`fastify-graceful-reload: the output could not be written: ${message}\n`)
    if (changes) return
    process.on('exit', () => {
      process.exitCode ||= 1
    })
  })
}

// Each loads only what it needs: a command is started for every reload, and the launcher stays small.
if (isCommand(first)) {
  outliveReaders(first !== 'status')
  const { runClient } = require('./client.js') as typeof import('./client.js')
  void runClient(first, rest).then((code) => {
    process.exitCode = code
  })
} else if (isLocal(first)) {
  outliveReaders(false)
  const { runLocal } = require('./local.js') as typeof import('./local.js')
  process.exitCode = runLocal(first, rest)
} else {
  const { launch } = require('./launch.js') as typeof import('./launch.js')
  void launch(process.argv.slice(2))
}
