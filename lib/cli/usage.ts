import { optionsOf } from './client-options.js'
import { COMMANDS, type Command, type CommandName, LOCAL_COMMANDS } from './commands.js'
import { LAUNCH_OPTIONS, type OptionTable } from './options.js'

export const PROGRAM = 'fastify-graceful-reload'

/** What `--help` prints: all that there is, on one screen. */
export function usage(): string {
  const commands = Object.entries<Command>(COMMANDS).map(
    ([name, command]): Line => [called(name, command), command.summary]
  )
  const others = Object.entries(LOCAL_COMMANDS).map(
    ([name, { argument, summary }]): Line => [`${name} ${argument}`, summary]
  )
  return `usage: ${PROGRAM} [options] [options of Node] <script> [arguments]
       ${PROGRAM} <command> [options]

Starts a server and stays, to reload it without its clients noticing. Options:
${table(linesOf(LAUNCH_OPTIONS))}
Commands for a running server (control socket: --control <path> or FASTIFY_GRACEFUL_CONTROL):
${table([...commands, ...others])}
Exit code: 0 success, 1 failure, 2 wrong usage. For the options of a command: <command> --help
`
}

/** What `--help` prints behind a command. */
export function commandUsage(name: CommandName): string {
  const command: Command = COMMANDS[name]
  const { timeout = 'no limit while the server reports progress' } = command
  const options = linesOf(optionsOf(command)).map(([what, summary]): Line => {
    return [what, what.startsWith('--timeout') ? `${summary}; default: ${timeout}` : summary]
  })
  return `usage: ${PROGRAM} ${called(name, command)} [options]

${command.summary}

${table(options)}`
}

/** Says in one line what is wrong, and where to find out what is right. */
export function withAdvice(problem: string, command = ''): string {
  return problem.endsWith('?') ? problem : `${problem}; see ${PROGRAM} ${command === '' ? '' : `${command} `}--help`
}

type Line = [what: string, summary: string]

function called(name: string, { argument }: Command): string {
  return argument === undefined ? name : `${name} ${argument.name}`
}

function linesOf(options: OptionTable): Line[] {
  return Object.entries(options).map(([name, { value = '', short, summary }]) => {
    return [`${short === undefined ? '' : `-${short}, `}--${name} ${value}`.trim(), summary]
  })
}

function table(lines: Line[]): string {
  const width = Math.max(...lines.map(([what]) => what.length))
  return lines.map(([what, summary]) => `${`  ${what.padEnd(width)}   ${summary}`.trimEnd()}\n`).join('')
}
