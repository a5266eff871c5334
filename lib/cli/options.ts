/** An option of the command line, without its two dashes: {@link COMMAND_OPTIONS}, {@link LAUNCH_OPTIONS}. */
export interface OptionEntry {
  /** What its value is called in the usage; none: it has no value. */
  readonly value?: string
  /** A short form, without its dash. */
  readonly short?: string
  /** What it is for, in a line of the usage. */
  readonly summary: string
  /** What the shell completes its value with; none: nothing. */
  readonly completes?: 'file' | 'directory' | readonly string[]
}

export type OptionTable = Readonly<Record<string, OptionEntry>>

const CONTROL: OptionEntry = {
  value: '<path>',
  summary: 'the control socket; default: FASTIFY_GRACEFUL_CONTROL',
  completes: 'file'
}

const HELP: OptionEntry = { short: 'h', summary: 'prints how it is used' }

/** Options of a start: they come first, before those of Node. */
export const LAUNCH_OPTIONS = {
  workers: { value: '<number>|auto', summary: 'how many processes; default: 1', completes: ['auto'] },
  directory: {
    value: '<path>',
    summary: 'where the servers are started, wherever links in it lead by then',
    completes: 'directory'
  },
  watch: { summary: 'for development: reloads when a file of the app changes' },
  'watch-path': { value: '<path>', summary: 'the same of another file or directory', completes: 'file' },
  control: CONTROL,
  'control-mode': {
    value: '<octal>',
    summary: 'who may connect to it; default: 600, or 660 with a group',
    completes: ['600', '660']
  },
  'control-group': { value: '<group>', summary: 'name or number of the group that it belongs to' },
  help: HELP,
  version: { short: 'v', summary: 'prints the version of this package' }
} as const satisfies OptionTable

/** Options of commands that ask a running process. Which command has which of them stands in `commands.ts`. */
export const COMMAND_OPTIONS = {
  control: CONTROL,
  timeout: { value: '<ms>', summary: 'how long to wait' },
  reason: { value: '<text>', summary: 'for the log of the server' },
  progress: { summary: 'tells on stderr how it goes; default: where that is a terminal' },
  watch: { summary: 'goes on showing it, until Ctrl-C' },
  json: { summary: 'prints one JSON object' },
  help: HELP
} as const satisfies OptionTable

export type LaunchOption = keyof typeof LAUNCH_OPTIONS
export type CommandOption = keyof typeof COMMAND_OPTIONS
