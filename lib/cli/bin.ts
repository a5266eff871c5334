#!/usr/bin/env node
import { readFileSync } from 'node:fs'
import { join } from 'node:path'

const [first, ...rest] = process.argv.slice(2)

// Each loads only what it needs: a command is started for every reload, and the launcher stays small.
if (first === 'reload' || first === 'status' || first === 'stop') {
  const { runClient } = require('./client.js') as typeof import('./client.js')
  void runClient(first, rest).then((code) => {
    process.exitCode = code
  })
} else if (first === '--help') {
  const { USAGE } = require('./client-text.js') as typeof import('./client-text.js')
  process.stdout.write(USAGE)
} else if (first === '--version') {
  const manifest = JSON.parse(readFileSync(join(__dirname, '../../../package.json'), 'utf8')) as { version: string }
  process.stdout.write(`${manifest.version}\n`)
} else {
  const { launch } = require('./launch.js') as typeof import('./launch.js')
  void launch(process.argv.slice(2))
}
