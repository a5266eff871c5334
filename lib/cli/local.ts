import { didYouMean } from '../util/closest.js'
import { printable } from '../util/printable.js'
import { COMMANDS, isCommand, isLocal, type LocalName } from './commands.js'
import { completion } from './completion.js'
import { commandUsage, usage, withAdvice } from './usage.js'

/** What is printed, or what is wrong. */
type Output = { text: string } | { problem: string }

const INSTALLING = `usage: fastify-graceful-reload completion bash|zsh|fish

prints the script with which a shell completes commands, options and files:

  bash   source <(fastify-graceful-reload completion bash)     in ~/.bashrc
  zsh    source <(fastify-graceful-reload completion zsh)      in ~/.zshrc, after compinit
  fish   fastify-graceful-reload completion fish | source      in ~/.config/fish/config.fish
`

/** Runs a command that asks nobody. Returns the exit code: 0 done, 2 wrong usage. */
export function runLocal(name: LocalName, args: readonly string[]): number {
  const outcome = tooMany(args) ?? (name === 'help' ? help(args[0]) : complete(args[0]))
  if ('text' in outcome) process.stdout.write(outcome.text)
  else process.stderr.write(`fastify-graceful-reload: ${printable(withAdvice(outcome.problem))}\n`)
  return 'text' in outcome ? 0 : 2
}

/** Both have one argument at most. */
function tooMany([first, second]: readonly string[]): Output | undefined {
  return second === undefined || isHelp(first) ? undefined : { problem: `Unexpected argument '${second}'` }
}

function help(name: string | undefined): Output {
  if (name === undefined || name === 'help' || isHelp(name)) return { text: usage() }
  if (isCommand(name)) return { text: commandUsage(name) }
  if (isLocal(name)) return { text: INSTALLING }
  return { problem: `there is no command '${name}'${didYouMean(name, Object.keys(COMMANDS))}` }
}

function complete(shell: string | undefined): Output {
  if (isHelp(shell)) return { text: INSTALLING }
  if (shell === undefined) return { problem: 'completion: the shell is missing: it must be bash, zsh or fish' }
  const text = completion(shell)
  if (text !== undefined) return { text }
  const meant = didYouMean(shell, ['bash', 'zsh', 'fish'])
  return { problem: `there is no completion for '${shell}', only for bash, zsh and fish${meant}` }
}

function isHelp(argument: string | undefined): boolean {
  return argument === '--help' || argument === '-h'
}
