import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import type { Test } from 'tap'
import { bare, ownEnvironment } from './bare.js'
import { within } from './limit.js'
import { PACKAGE_ROOT } from './release.js'

/** `script` of util-linux gives a command a terminal. */
export const HAS_TERMINAL = process.platform === 'linux' && spawnSync('script', ['--version']).error === undefined

export interface TerminalSettings {
  /** A line for the shell in place of the command of this package. */
  line?: string
  env?: Record<string, string>
  columns?: number
  rows?: number
}

/** The command of this package on a terminal: reads what it draws, and types keys. */
export class PseudoTerminal {
  /** All that was written to the terminal so far, see {@link visible}. */
  drawn = ''
  /** Resolves with the exit code; of a command that a signal has ended, 128 and its number. */
  readonly exit: Promise<number | null>
  readonly #script: ChildProcess
  readonly #waiting = new Set<() => void>()

  constructor(t: Test, args: string[], settings: TerminalSettings = {}) {
    const { env = {}, columns = 80, rows = 40, line: given } = settings
    const own = {
      NODE: process.execPath,
      COMMAND: join(PACKAGE_ROOT, 'dist/package/cli/bin.js'),
      ARGUMENTS: args.map((argument) => `'${argument}'`).join(' ')
    }
    const line = `stty cols ${columns} rows ${rows}; ${given ?? `eval exec '"$NODE"' '"$COMMAND"' $ARGUMENTS`}`
    const all = { ...ownEnvironment(), TERM: 'xterm', NO_COLOR: '', FORCE_COLOR: '', SHELL: '/bin/sh', ...own, ...env }
    const command = bare(all, 'script', ['-q', '-f', '-e', '-c', line, '/dev/null'])
    this.#script = spawn(...command, { stdio: ['pipe', 'pipe', 'inherit'] })
    this.#script.stdout?.on('data', (chunk: Buffer) => {
      this.drawn += visible(chunk.toString())
      for (const look of this.#waiting) look()
    })
    this.exit = within(
      once(this.#script, 'close').then(([code]) => code as number | null),
      'end of the command'
    )
    this.exit.catch(() => {})
    t.teardown(() => this.#script.kill('SIGKILL'))
  }

  /** Waits until something has been drawn. */
  async shows(pattern: RegExp): Promise<void> {
    await within(
      new Promise<void>((resolve) => {
        const look = () => {
          if (!pattern.test(this.drawn)) return
          this.#waiting.delete(look)
          resolve()
        }
        this.#waiting.add(look)
        look()
      }),
      `${pattern} on the terminal, which shows ${JSON.stringify(this.drawn)}`
    )
  }

  type(keys: string): void {
    this.#script.stdin?.write(keys)
  }
}

/** A regular expression should not contain an escape character. */
export function visible(text: string): string {
  return text.replaceAll('\x1b', '␛')
}
