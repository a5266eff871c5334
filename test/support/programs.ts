import { execFile, execFileSync, type PromiseWithChild, spawnSync } from 'node:child_process'
import { promisify } from 'node:util'
import { bare } from './bare.js'
import { WAIT_LIMIT } from './limit.js'

/** What a client program printed; it has ended with 0. */
export type Program = PromiseWithChild<{ stdout: string; stderr: string }>

/** Starts a client program. Rejects when it ends with another code than 0. */
export function runProgram(file: string, args: string[]): Program {
  return promisify(execFile)(file, args, { timeout: WAIT_LIMIT, maxBuffer: 2 ** 24 })
}

/** Resolves when a program has printed this so often, on stdout or stderr. Rejects when it ends before. */
export async function printed(program: Program, text: string, times: number): Promise<void> {
  let output = ''
  const isPrinted = new Promise<void>((resolve) => {
    const hear = (chunk: unknown) => {
      output += chunk
      if (output.split(text).length > times) resolve()
    }
    program.child.stdout?.on('data', hear)
    program.child.stderr?.on('data', hear)
  })
  const ended = program.then(() => {
    throw new Error(`ended without "${text}" ${times} times:\n${output}`)
  })
  await Promise.race([isPrinted, ended])
}

/** Why a test of a client program must be skipped; false if it is here, and its version names all the features. */
export function missing(file: string, ...features: string[]): string | false {
  return lacks(file, '--version', features)
}

/** The same for a proxy, which tells its version in another way. */
export function missingProxy(file: string): string | false {
  return lacks(file, '-v', [])
}

/** The same for a program that does not tell its version. */
export function missingCommand(file: string): string | false {
  return spawnSync('sh', ['-c', 'command -v "$0"', file]).status !== 0 && `${file} is not installed`
}

/** Where a program is that is not missing. */
export function pathOf(file: string): string {
  return execFileSync('sh', ['-c', 'command -v "$0"', file], { encoding: 'utf8' }).trim()
}

function lacks(file: string, option: string, features: string[]): string | false {
  try {
    const version = execFileSync(file, [option], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] })
    const lacking = features.filter((feature) => !version.includes(feature))
    return lacking.length > 0 && `this ${file} has no ${lacking.join(', ')}`
  } catch {
    return `${file} is not installed`
  }
}

/** Runs a program that controls a supervisor. Returns what it printed. Rejects if it ends with another code than 0. */
export async function order(env: NodeJS.ProcessEnv, file: string, ...args: string[]): Promise<string> {
  const { stdout } = await promisify(execFile)(...bare(env, file, args), { timeout: WAIT_LIMIT })
  return stdout
}
