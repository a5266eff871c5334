import { spawnSync } from 'node:child_process'
import { existsSync, realpathSync } from 'node:fs'
import { basename } from 'node:path'
import { UsageError } from '../control/errors.js'
import { didYouMean } from '../util/closest.js'
import { COMMANDS, LOCAL_COMMANDS } from './commands.js'
import { didYouMeanOption, splitOption } from './option-reader.js'
import { LAUNCH_OPTIONS } from './options.js'
import { PROGRAM } from './usage.js'

/** Options of Node that are a program in place of a script. */
const PROGRAMS = ['-e', '--eval', '-p', '--print', '-pe']

/** How long Node may take to print its help. Milliseconds. */
const HELP_LIMIT = 5000

/**
 * Refuses what is certainly a mistake among the arguments for Node. Which of its options there are, and which of them
 * have a value, only Node knows; but it takes no value that begins with a dash, so that what begins with one and comes
 * before any file is an option.
 *
 * @param isMeant - whether a `--` says that all of it is for Node
 * @throws {UsageError}
 */
export function checkNodeArguments(args: readonly string[], isMeant: boolean): void {
  const options = optionsBeforeFile(args)
  if (!isMeant) for (const option of options) refuseOwn(option)
  const end = args.indexOf('--')
  const isWithout = args.every(isOption) && (end === -1 || end === args.length - 1)
  if (isWithout && !options.some((option) => PROGRAMS.includes(splitOption(option)[0])))
    throw new UsageError('no script is given')
  if (isMeant || isOption(args[0])) return
  refuseNode(args)
  refuseMistyped(args[0])
}

/**
 * One of our own options that stands behind those of Node, by the words of a start that Node has refused; undefined if
 * there is none. What comes before it may be a script, whose option it was then, or the value of an option.
 */
export function ownOptionIn(args: readonly string[]): string | undefined {
  return args.find((argument) => isOwn(splitOption(argument)[0]))
}

/** One of our own options that follows the script, and so goes to the app; undefined if there is none. */
export function ownOptionForApp(args: readonly string[]): string | undefined {
  const script = args.findIndex((argument, index) => !isOption(argument) && isScript(argument) && !isValue(args, index))
  return script === -1 ? undefined : ownOptionIn(args.slice(script + 1))
}

/** Those that are options for certain: they come before anything that can be the script. */
function optionsBeforeFile(args: readonly string[]): string[] {
  const end = args.findIndex((argument, index) => argument === '--' || (!isOption(argument) && !isValue(args, index)))
  return args.slice(0, end === -1 ? args.length : end).filter(isOption)
}

/**
 * Whether it follows an option, and is no file that Node could run, or the value of that option for certain. The latter
 * matters only before an option of ours: Node refuses it among its own, and an app may have it.
 */
function isValue(args: readonly string[], index: number): boolean {
  const before = args[index - 1]
  if (!isOption(before) || splitOption(before).length > 1) return false
  return !isScript(args[index]) || (ownOptionIn(args.slice(index)) !== undefined && takesValue(before))
}

/** Of this Node; undefined before anybody has asked. Its help takes a process each time. */
let valued: readonly string[] | undefined

/** As Node's own help says: `-r, --require=...` takes one, `--inspect[=[host:]port]` only behind a `=`. */
function takesValue(option: string): boolean {
  valued ??= optionsWithValue()
  return valued.includes(option)
}

function optionsWithValue(): string[] {
  const { stdout } = spawnSync(process.execPath, ['--help'], { encoding: 'utf8', timeout: HELP_LIMIT })
  return [...(stdout ?? '').matchAll(/^ {2}((?:--?[\w-]+, )*--?[\w-]+)=/gm)].flatMap(([, list = '']) =>
    list.split(', ')
  )
}

function isOption(argument: string | undefined): argument is string {
  return argument?.startsWith('-') === true && argument !== '-'
}

function isOwn(name: string): boolean {
  return name.startsWith('--') && Object.hasOwn(LAUNCH_OPTIONS, name.slice(2))
}

function refuseOwn(option: string): void {
  const [name] = splitOption(option)
  if (isOwn(name)) throw new UsageError(`${name} must come before the options of Node`)
  if (process.allowedNodeEnvironmentFlags.has(name)) return
  // Not all that Node takes are among those flags, but none of the others is near to one of ours.
  const meant = didYouMeanOption(name, LAUNCH_OPTIONS)
  if (meant !== '') throw new UsageError(`Unknown option '${name}'${meant}`)
}

/** The command line of a start without the launcher begins with it. Node would look for a module of that name. */
function refuseNode([program = '', ...others]: readonly string[]): void {
  if (basename(program) !== 'node' || (isScript(program) && !isThisNode(program))) return
  throw new UsageError(`leave out '${program}', as in '${[PROGRAM, ...others].join(' ')}'`)
}

/** Whether a file is the program that runs here: no script, whatever it is called. */
function isThisNode(path: string): boolean {
  return existsSync(path) && realpathSync(path) === realpathSync(process.execPath)
}

/** Node would only say that there is no such module. */
function refuseMistyped(script = ''): void {
  const commands = [...Object.keys(COMMANDS), ...Object.keys(LOCAL_COMMANDS)]
  if (commands.includes(script) && !isScript(script))
    throw new UsageError(`the command ${script} must come first, before its options`)
  const meant = didYouMean(script, commands)
  if (meant !== '' && !isScript(script)) throw new UsageError(`there is no script '${script}'${meant}`)
}

/** What Node tries in this order: https://nodejs.org/api/modules.html#file-modules */
function isScript(path = ''): boolean {
  return ['', '.js', '.json', '.node'].some((ending) => existsSync(`${path}${ending}`))
}
