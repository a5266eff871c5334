import { existsSync, statSync } from 'node:fs'
import { UsageError } from '../control/errors.js'
import { CONTROL_VARIABLE, type ControlPlace, checkControl } from '../control/place.js'
import { toError } from '../errors.js'
import { didYouMean } from '../util/closest.js'

/** What a launcher was told to do. */
export interface LaunchArguments {
  /** Options of Node, the script and its arguments, as Node takes them. */
  readonly node: string[]
  /** How many servers; `'auto'`: one for each processor that this process may use. */
  readonly workers: number | 'auto'
  /** Where the servers are started, wherever links in it lead by then; undefined: where the launcher was. */
  readonly directory: string | undefined
  /** Where the control socket is, and who may use it. */
  readonly control: ControlPlace | undefined
}

/** Options that are not Node's. */
const OWN = ['--workers', '--directory', '--control', '--control-mode', '--control-group'] as const
const OWN_NAMES = OWN.map((name) => name.slice(2))

/** More would be a mistake: each is a process. */
const MOST_WORKERS = 1024

/** Options of Node that take the next argument for their value: https://nodejs.org/api/cli.html#options */
const WITH_VALUE = new Set(
  (
    '-C -r --allow-fs-read --allow-fs-write --build-snapshot-config --conditions --cpu-prof-dir ' +
    '--cpu-prof-interval --cpu-prof-name --diagnostic-dir --disable-proto --disable-warning ' +
    '--dns-result-order --env-file --env-file-if-exists --experimental-config-file ' +
    '--experimental-default-type --experimental-loader --heap-prof-dir --heap-prof-interval ' +
    '--heap-prof-name --heapsnapshot-near-heap-limit --heapsnapshot-signal --icu-data-dir --import ' +
    '--input-type --inspect-publish-uid --loader --localstorage-file --max-http-header-size ' +
    '--network-family-autoselection-attempt-timeout --openssl-config --redirect-warnings --report-dir ' +
    '--report-directory --report-filename --report-signal --require --secure-heap --secure-heap-min ' +
    '--snapshot-blob --title --tls-cipher-list --tls-keylog --trace-event-categories ' +
    '--trace-event-file-pattern --unhandled-rejections --use-largepages --v8-pool-size --watch-path'
  ).split(' ')
)

/**
 * Reads the command line. Our own options come before the script, mixed with those of Node; from the script on
 * everything is the server's.
 *
 * @throws {UsageError}
 */
export function parseLaunchArguments(args: readonly string[], env: NodeJS.ProcessEnv): LaunchArguments {
  const rest = [...args]
  const options: string[] = []
  const own: Own = {}
  while (rest[0]?.startsWith('-') && rest[0] !== '--' && rest[0] !== '-') {
    const [name = '', value] = splitOption(rest.shift() as string)
    if (isOwn(name)) own[name] = value ?? take(rest, name)
    else {
      const meant = isOfNode(name) ? '' : didYouMean(name.replace(/^-+/, ''), OWN_NAMES, '--')
      if (meant !== '') throw new UsageError(`Unknown option '${name}'${meant}`)
      options.push(value === undefined ? name : `${name}=${value}`)
      if (value === undefined && WITH_VALUE.has(name)) options.push(take(rest, name))
    }
  }
  if (rest.filter((argument) => argument !== '--').length === 0)
    throw new UsageError(
      'no script is given; usage: fastify-graceful-reload [--workers N|auto] [--directory PATH] [--control PATH] [--control-mode MODE] [--control-group GROUP] [options of Node] SCRIPT [arguments]'
    )
  refuseMistyped(rest[0])
  const { '--workers': workers, '--directory': directory } = own
  const node = [...options, ...rest]
  return { node, workers: parseWorkers(workers), directory: parseDirectory(directory), control: parseControl(own, env) }
}

type Own = { [name in (typeof OWN)[number]]?: string }

function isOwn(name: string): name is keyof Own {
  return (OWN as readonly string[]).includes(name)
}

/** Node would only say that there is no such module. */
function refuseMistyped(script = ''): void {
  const meant = didYouMean(script, ['reload', 'status', 'stop'])
  // What Node tries in this order: https://nodejs.org/api/modules.html#file-modules
  const isThere = ['', '.js', '.json', '.node'].some((ending) => existsSync(`${script}${ending}`))
  if (meant !== '' && !isThere) throw new UsageError(`there is no script '${script}'${meant}`)
}

/** Not of all that Node takes, but none of the others is near to one of ours. */
function isOfNode(name: string): boolean {
  return process.allowedNodeEnvironmentFlags.has(name)
}

function splitOption(option: string): [name: string, value?: string] {
  const at = option.startsWith('--') ? option.indexOf('=') : -1
  return at === -1 ? [option] : [option.slice(0, at), option.slice(at + 1)]
}

function take(rest: string[], name: string): string {
  const value = rest.shift()
  if (value === undefined) throw new UsageError(`${name} needs a value`)
  return value
}

function parseWorkers(value: string | undefined): number | 'auto' {
  if (value === undefined) return 1
  if (value === 'auto') return value
  const count = Number(value)
  if (Number.isInteger(count) && count >= 1 && count <= MOST_WORKERS) return count
  throw new UsageError(`--workers must be a number from 1 to ${MOST_WORKERS}, or auto; received ${value}`)
}

function parseDirectory(value: string | undefined): string | undefined {
  if (value === undefined || statSync(value, { throwIfNoEntry: false })?.isDirectory()) return value
  throw new UsageError(`--directory must be the path of a directory, received ${value}`)
}

function parseControl(own: Own, env: NodeJS.ProcessEnv): ControlPlace | undefined {
  const { '--control': given, '--control-mode': octal, '--control-group': group } = own
  if (given === '') throw new UsageError('--control must be the path of a unix socket')
  const path = given ?? (env[CONTROL_VARIABLE] || undefined)
  if (path === undefined && (octal ?? group) !== undefined)
    throw new UsageError('--control-mode and --control-group need --control')
  if (path === undefined) return undefined
  if (octal !== undefined && !/^0?[0-7]{3}$/.test(octal))
    throw new UsageError(`--control-mode must be three octal digits, such as 660; received ${octal}`)
  const mode = octal === undefined ? undefined : Number.parseInt(octal, 8)
  const named = group !== undefined && /^\d+$/.test(group) ? Number(group) : group
  try {
    return checkControl({ path, mode, group: named }, '--control') as ControlPlace
  } catch (cause) {
    throw Object.assign(new UsageError(toError(cause).message), { cause })
  }
}
