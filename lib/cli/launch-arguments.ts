import { existsSync } from 'node:fs'
import { UsageError } from '../control/errors.js'
import { CONTROL_VARIABLE, type ControlPlace, checkPlace } from '../control/place.js'
import { MOST_WORKERS } from '../protocol/worker-count.js'
import { folderAt } from '../util/folder-at.js'
import { checkNodeArguments } from './node-arguments.js'
import { readOptions } from './option-reader.js'
import { LAUNCH_OPTIONS, type LaunchOption } from './options.js'

/** The options and arguments of a launcher. */
export interface LaunchArguments {
  /** Options of Node, the script and its arguments, as Node takes them. */
  readonly node: string[]
  /** How many servers; `'auto'`: one for each processor that this process may use. */
  readonly workers: number | 'auto'
  /** Where the servers are started, wherever links in it lead by then; undefined: where the launcher was. */
  readonly directory: string | undefined
  /** Where the control socket is, and who may use it. */
  readonly control: ControlPlace | undefined
  /** Reload when a file changes that a server has loaded, or one of these, or one below these; undefined: do not. */
  readonly watch: readonly string[] | undefined
}

/**
 * Reads the command line. Our own options come first; from the first argument on that is none of them, or behind a
 * `--`, everything is for Node as it is: its options, the script, and the arguments of the server.
 *
 * @throws {UsageError}
 */
export function parseLaunchArguments(args: readonly string[], env: NodeJS.ProcessEnv): LaunchArguments {
  const { values, lists, rest } = readOptions(args, LAUNCH_OPTIONS)
  const own = values as Own
  const { workers, directory } = own
  const settings = {
    workers: parseWorkers(workers),
    directory: parseDirectory(directory),
    control: parseControl(own, env),
    watch: parseWatch('watch' in values, lists['watch-path'])
  }
  const isEnded = rest[0] === '--'
  const node = isEnded ? rest.slice(1) : rest
  checkNodeArguments(node, isEnded)
  return { node, ...settings }
}

/** Those that have a value. */
type Own = { readonly [name in LaunchOption]?: string }

function parseWorkers(value: string | undefined): number | 'auto' {
  if (value === undefined) return 1
  if (value === 'auto') return value
  const count = Number(value)
  if (/^\d+$/.test(value) && count >= 1 && count <= MOST_WORKERS) return count
  throw new UsageError(`--workers must be a whole number from 1 to ${MOST_WORKERS}, or auto; received ${value}`)
}

function parseDirectory(value: string | undefined): string | undefined {
  if (value === undefined || folderAt(value) !== undefined) return value
  throw new UsageError(`--directory must be the path of a directory, received ${value}`)
}

/** To name a path is to want it watched. */
function parseWatch(isOn: boolean, paths: readonly string[] = []): readonly string[] | undefined {
  const missing = paths.find((path) => !existsSync(path))
  if (missing === undefined) return isOn || paths.length > 0 ? paths : undefined
  throw new UsageError(`--watch-path must be the path of a file or directory, received ${missing}`)
}

function parseControl(own: Own, env: NodeJS.ProcessEnv): ControlPlace | undefined {
  const { control: given, 'control-mode': octal, 'control-group': group } = own
  if (given === '') throw new UsageError('--control must be the path of a unix socket')
  const path = given ?? (env[CONTROL_VARIABLE] || undefined)
  if (path === undefined && (octal ?? group) !== undefined)
    throw new UsageError('--control-mode and --control-group need --control')
  if (path === undefined) return undefined
  if (octal !== undefined && !/^0?[0-7]{3}$/.test(octal))
    throw new UsageError(`--control-mode must be three octal digits, such as 660; received ${octal}`)
  const mode = octal === undefined ? undefined : Number.parseInt(octal, 8)
  const named = group !== undefined && /^\d+$/.test(group) ? Number(group) : group
  return checkPlace({ path, mode, group: named }, (part, expected, received) => {
    const text = `must be ${expected}, received ${received}`
    // Octal numbers have no prefix on the command line.
    return new UsageError(`--control-${part} ${part === 'mode' ? text.replaceAll('0o', '') : text}`)
  })
}
