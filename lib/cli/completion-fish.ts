import type { Completable } from './completable.js'
import { LAUNCH_OPTIONS, type OptionTable } from './options.js'

/** For fish: https://fishshell.com/docs/current/completions.html */
export function fishCompletion(commands: readonly Completable[]): string {
  const names = commands.map(({ name }) => name).join(' ')
  const isCommand = `contains -- (commandline -opc)[2] ${names}`
  const launching = [
    ...commands.map(({ name, summary }) => `-n '__fish_is_first_token' -a ${name} -d ${quoted(summary)}`),
    ...optionLines(LAUNCH_OPTIONS, `not ${isCommand}`)
  ]
  const lines = commands.flatMap(({ name, options, words }) => {
    const condition = `contains -- (commandline -opc)[2] ${name}`
    const argument = words.length === 0 ? [] : [`-n '${condition}' -a '${words.join(' ')}'`]
    return [`-n '${condition}' -f`, ...optionLines(options, condition), ...argument]
  })
  const all = ['fastify-graceful-reload', 'fastify-graceful'].flatMap((program) =>
    [...launching, ...lines].map((line) => `complete -c ${program} ${line}`)
  )
  return `# fastify-graceful-reload completion fish | source\n${all.join('\n')}\n`
}

function optionLines(options: OptionTable, condition: string): string[] {
  return Object.entries(options).map(([name, { short, value, summary, completes }]) => {
    const names = `${short === undefined ? '' : `-s ${short} `}-l ${name}`
    const files = completes === 'file' || completes === 'directory'
    const list = Array.isArray(completes) ? completes.join(' ') : ''
    const taken = value === undefined ? '' : files ? ' -r -F' : ` -x -a '${list}'`
    return `-n '${condition}' ${names}${taken} -d ${quoted(summary)}`
  })
}

function quoted(text: string): string {
  return `'${text.replaceAll(/['\\]/g, '\\$&')}'`
}
