import type { SpawnCommand } from '../process/channel-process.js'

/** How to start a process. */
export interface StartCommand {
  file: string
  /** Whether the file is Node, and not the app itself. */
  isNode: boolean
  args: string[]
  /** The script among the arguments; undefined where there is none, as with `node -e`. */
  script: string | undefined
  cwd: string
  env: NodeJS.ProcessEnv
}

/**
 * The same of a command as a launcher was given it, which starts Node. Which argument is the script only Node knows for
 * certain, so it is the first one that is no option, if that looks like a script: `conf.js` is none in
 * `node server conf.js`.
 */
export function asStartCommand(command: SpawnCommand | StartCommand): StartCommand {
  if ('isNode' in command) return command
  const first = command.args.find((arg) => arg === '-' || !arg.startsWith('-'))
  const script = first !== undefined && /\.[cm]?js$/.test(first) ? first : undefined
  return { ...command, script, isNode: true }
}
