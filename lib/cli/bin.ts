#!/usr/bin/env node
import { isCommand } from './commands.js'

const [first, ...rest] = process.argv.slice(2)

// Each loads only what it needs: a command is started for every reload, and the launcher stays small.
if (isCommand(first)) {
  const { runClient } = require('./client.js') as typeof import('./client.js')
  void runClient(first, rest).then((code) => {
    process.exitCode = code
  })
} else if (first === 'help') {
  const { help } = require('./usage.js') as typeof import('./usage.js')
  const found = help(rest[0])
  if ('text' in found) process.stdout.write(found.text)
  else {
    process.stderr.write(`fastify-graceful-reload: ${found.problem}\n`)
    process.exitCode = 2
  }
} else {
  const { launch } = require('./launch.js') as typeof import('./launch.js')
  void launch(process.argv.slice(2))
}
