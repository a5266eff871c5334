#!/usr/bin/env node
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { isCommand } from './commands.js'

const [first, ...rest] = process.argv.slice(2)

// Each loads only what it needs: a command is started for every reload, and the launcher stays small.
if (isCommand(first)) {
  const { runClient } = require('./client.js') as typeof import('./client.js')
  void runClient(first, rest).then((code) => {
    process.exitCode = code
  })
} else if (first === '--help') {
  const { usage } = require('./usage.js') as typeof import('./usage.js')
  process.stdout.write(usage())
} else if (first === '--version') {
  const manifest = JSON.parse(readFileSync(join(__dirname, '../../../package.json'), 'utf8')) as { version: string }
  process.stdout.write(`${manifest.version}\n`)
} else {
  const { launch } = require('./launch.js') as typeof import('./launch.js')
  void launch(process.argv.slice(2))
}
