#!/usr/bin/env node
import { isCommand, isLocal } from './commands.js'

const [first, ...rest] = process.argv.slice(2)

/** Whoever read what a command prints may be gone, or the disk be full: what it was asked for counts, and its exit code tells of that. */
function outliveReaders(): void {
  for (const stream of [process.stdout, process.stderr]) stream.on('error', () => {})
}

// Each loads only what it needs: a command is started for every reload, and the launcher stays small.
if (isCommand(first)) {
  outliveReaders()
  const { runClient } = require('./client.js') as typeof import('./client.js')
  void runClient(first, rest).then((code) => {
    process.exitCode = code
  })
} else if (isLocal(first)) {
  outliveReaders()
  const { runLocal } = require('./local.js') as typeof import('./local.js')
  process.exitCode = runLocal(first, rest)
} else {
  const { launch } = require('./launch.js') as typeof import('./launch.js')
  void launch(process.argv.slice(2))
}
