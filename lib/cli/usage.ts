import { COMMANDS } from './commands.js'
import { COMMAND_OPTIONS, LAUNCH_OPTIONS, type OptionTable } from './options.js'

const PROGRAM = 'fastify-graceful-reload'

/** What `fastify-graceful-reload --help` prints, and what follows a wrong usage. */
export function usage(): string {
  return `usage:
${table([
  [`${PROGRAM} [options] [node options] <script> [arguments]`, 'starts a server, and stays'],
  ...Object.entries(COMMANDS).map(([name, { summary, argument }]): Line => {
    return [`${PROGRAM} ${name}${argument === undefined ? '' : ` ${argument.name}`} [options]`, summary]
  }),
  [`${PROGRAM} --help | --version`, '']
])}
options of a start:
${table(linesOf(LAUNCH_OPTIONS))}
options of commands:
${table(linesOf(COMMAND_OPTIONS))}
exit code: 0 done, 1 failed, 2 wrong usage
`
}

type Line = [what: string, summary: string]

function linesOf(options: OptionTable): Line[] {
  return Object.entries(options).map(([name, { value = '', short, summary }]) => {
    return [`${short === undefined ? '' : `-${short}, `}--${name} ${value}`.trim(), summary]
  })
}

function table(lines: Line[]): string {
  const width = Math.max(...lines.map(([what]) => what.length))
  return lines.map(([what, summary]) => `${`  ${what.padEnd(width)}   ${summary}`.trimEnd()}\n`).join('')
}
