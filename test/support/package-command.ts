import { execFile } from 'node:child_process'
import { join } from 'node:path'
import { bare, ownEnvironment } from './bare.js'
import { WAIT_LIMIT } from './limit.js'
import { PACKAGE_ROOT } from './release.js'

/** What a command has printed, and its exit code. */
export interface Printed {
  code: number | string | null
  stdout: string
  stderr: string
}

/** What a command is started with, other than its arguments. */
export interface CommandSettings {
  env?: Record<string, string>
  /** A program that becomes the command by `exec`, such as setpriv. */
  prefix?: string[]
  /** Where the package is. Default: here. */
  root?: string
}

/** Runs the command of this package. */
export function runCommand(args: string[], settings: CommandSettings = {}): Promise<Printed> {
  const { env = {}, prefix = [], root = PACKAGE_ROOT } = settings
  const [file = '', ...rest] = [...prefix, process.execPath, join(root, 'dist/package/cli/bin.js'), ...args]
  return new Promise((resolve) => {
    const command = bare(
      { ...ownEnvironment(), FASTIFY_GRACEFUL_CONTROL: '', NO_COLOR: '', FORCE_COLOR: '', ...env },
      file,
      rest
    )
    execFile(...command, { timeout: WAIT_LIMIT }, (error, stdout, stderr) => {
      resolve({ code: error === null ? 0 : (error.code ?? error.signal ?? null), stdout, stderr })
    })
  })
}
