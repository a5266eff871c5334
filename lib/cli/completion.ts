import { optionsOf } from './client-options.js'
import { COMMANDS, type Command, LOCAL_COMMANDS } from './commands.js'
import type { Completable } from './completable.js'
import { bashCompletion } from './completion-bash.js'
import { fishCompletion } from './completion-fish.js'
import { zshCompletion } from './completion-zsh.js'

const SHELLS: Readonly<Record<string, (commands: readonly Completable[]) => string>> = {
  bash: bashCompletion,
  zsh: zshCompletion,
  fish: fishCompletion
}

/**
 * What lets a shell complete all commands and options, made of their tables; undefined for a shell that is not known.
 */
export function completion(shell: string): string | undefined {
  return Object.hasOwn(SHELLS, shell) ? SHELLS[shell]?.(completables()) : undefined
}

function completables(): Completable[] {
  const asking = Object.entries<Command>(COMMANDS).map(([name, command]): Completable => {
    return { name, summary: command.summary, options: optionsOf(command), words: command.argument?.examples ?? [] }
  })
  const local = Object.entries(LOCAL_COMMANDS).map(([name, { summary }]): Completable => {
    return { name, summary, options: {}, words: name === 'help' ? Object.keys(COMMANDS) : Object.keys(SHELLS) }
  })
  return [...asking, ...local]
}
