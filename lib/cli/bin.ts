#!/usr/bin/env node
import { surviveBrokenOutput } from './broken-output.js'
import { isCommand, isLocal } from './commands.js'

const [first, ...rest] = process.argv.slice(2)

// Each loads only what it needs: a command is started for every reload, and the launcher stays small.
if (isCommand(first)) {
  surviveBrokenOutput(first !== 'status')
  const { runClient } = require('./client.js') as typeof import('./client.js')
  void runClient(first, rest).then((code) => {
    process.exitCode = code
  })
} else if (isLocal(first)) {
  surviveBrokenOutput(false)
  const { runLocal } = require('./local.js') as typeof import('./local.js')
  process.exitCode = runLocal(first, rest)
} else {
  const { launch } = require('./launch.js') as typeof import('./launch.js')
  void launch(process.argv.slice(2))
}
