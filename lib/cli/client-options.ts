import { UsageError } from '../control/errors.js'
import { CONTROL_VARIABLE } from '../control/place.js'
import { LONGEST_TIMER } from '../util/deadline.js'
import { COMMANDS, type Command, type CommandName, type Given } from './commands.js'
import { didYouMeanOption, type OptionValues, readOptions, splitOption } from './option-reader.js'
import { COMMAND_OPTIONS, type CommandOption, type OptionTable } from './options.js'

/** The options and arguments of a command of `fastify-graceful-reload`. */
export interface ClientOptions extends Given {
  help: boolean
  json: boolean
  /** Path of the control socket. */
  path: string
  /** Where to show the progress; undefined: nowhere. */
  progress: 'stdout' | 'stderr' | undefined
  /** Whether to go on asking. */
  watch: boolean
  /** For the whole answer. Milliseconds; undefined: for as long as something comes. */
  timeout: number | undefined
}

/** Those of every command. */
const COMMON: readonly CommandOption[] = ['control', 'timeout', 'json', 'help']

/** The options of a command, by their names. */
export function optionsOf({ options }: Command): OptionTable {
  return Object.fromEntries([...options, ...COMMON].map((option) => [option, COMMAND_OPTIONS[option]]))
}

/**
 * Reads the arguments of a command.
 *
 * @throws {UsageError}
 */
export function readClientOptions(name: CommandName, args: string[], env: NodeJS.ProcessEnv): ClientOptions {
  const command: Command = COMMANDS[name]
  const { values, positionals } = readAll(command, args)
  const { control, reason = `fastify-graceful-reload ${name}`, timeout, help, json, watch } = values
  const given = {
    help: help === true,
    json: json === true,
    path: String(control ?? env[CONTROL_VARIABLE] ?? ''),
    reason: String(reason),
    progress: command.options.includes('progress') ? progressOf(values) : undefined,
    watch: watch === true,
    timeout: durationOf(timeout) ?? command.timeout
  }
  if (given.help) return { ...given, argument: '' }
  const argument = argumentOf(command, name, positionals)
  if (given.path === '')
    throw new UsageError(
      `no control socket given: use --control <path> or ${CONTROL_VARIABLE}, with the path that the server listens on`
    )
  return { ...given, argument }
}

/**
 * On a terminal beside what is printed on stdout; else there, before the outcome, so that the log of a pipeline has
 * both in their order. With `--json` there is nothing else on stdout.
 *
 * @throws {UsageError}
 */
function progressOf(values: OptionValues<CommandOption>): ClientOptions['progress'] {
  const { progress, 'no-progress': none, json } = values
  if (progress === true && none === true)
    throw new UsageError('--progress and --no-progress exclude each other: give one of them')
  if (none === true) return undefined
  if (progress === true || process.stderr.isTTY === true) return 'stderr'
  return json === true ? undefined : 'stdout'
}

interface All {
  values: OptionValues<CommandOption>
  positionals: string[]
}

function readAll(command: Command, args: string[]): All {
  const table = optionsOf(command)
  const read = readOptions(args, table)
  const { rest } = read
  const values = read.values as OptionValues<CommandOption>
  const [first] = rest
  if (first === undefined) return { values, positionals: [] }
  if (first === '--') return { values, positionals: rest.slice(1) }
  const isArgument = !first.startsWith('-') || command.argument?.pattern.test(first) === true
  if (!isArgument) throw new UsageError(unknownOption(first, table))
  const others = readAll(command, rest.slice(1))
  return { values: { ...values, ...others.values }, positionals: [first, ...others.positionals] }
}

function unknownOption(option: string, table: OptionTable): string {
  const [given] = splitOption(option)
  return `Unknown option '${given}'${didYouMeanOption(given, table)}`
}

function argumentOf({ argument }: Command, name: CommandName, positionals: string[]): string {
  const [first, ...others] = positionals
  const unexpected = argument === undefined ? first : others[0]
  if (unexpected !== undefined) throw new UsageError(`Unexpected argument '${unexpected}'`)
  if (argument === undefined) return ''
  if (first !== undefined && argument.pattern.test(first) && Math.abs(Number(first)) <= argument.most) return first
  const problem = first === undefined ? 'is missing: it must be' : 'must be'
  const received = first === undefined ? '' : `, received ${first}`
  throw new UsageError(`${name}: ${argument.name} ${problem} ${argument.expected}${received}`)
}

function durationOf(timeout: string | true | undefined): number | undefined {
  if (timeout === undefined) return undefined
  const duration = Number(timeout)
  if (/^\d+$/.test(String(timeout)) && duration >= 1 && duration <= LONGEST_TIMER) return duration
  throw new UsageError(
    `--timeout must be a whole number of milliseconds from 1 to ${LONGEST_TIMER}, received ${timeout}`
  )
}
