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

const HELP: OptionEntry = { short: 'h', summary: 'prints this help' }

/** Options of a start: they come first, before those of Node. */
export const LAUNCH_OPTIONS = {
  workers: { value: '<number>|auto', summary: 'number of server processes; default: 1', completes: ['auto'] },
  directory: {
    value: '<path>',
    summary: 'directory of the servers; links in it are resolved at each start',
    completes: 'directory'
  },
  watch: { summary: 'for development: reloads when a file of the app changes' },
  'watch-path': {
    value: '<path>',
    summary: 'also reloads when this file or directory changes; implies --watch',
    completes: 'file'
  },
  control: CONTROL,
  'control-mode': {
    value: '<octal>',
    summary: 'mode of the control socket; default: 600, or 660 with a group',
    completes: ['600', '660']
  },
  'control-group': { value: '<group>', summary: 'group of the control socket, by name or number' },
  help: HELP,
  version: { short: 'v', summary: 'prints the version of this package' }
} as const satisfies OptionTable

/** Options of commands that ask a running process. Which command has which of them stands in `commands.ts`. */
export const COMMAND_OPTIONS = {
  control: CONTROL,
  timeout: { value: '<ms>', summary: 'how long to wait for the answer' },
  reason: { value: '<text>', summary: 'text for the log of the server' },
  progress: { summary: 'prints the progress to stderr; default: to stderr if it is a terminal, otherwise to stdout' },
  'no-progress': { summary: 'prints only the outcome; default with --json, unless stderr is a terminal' },
  watch: { summary: 'repeats the status until Ctrl-C' },
  json: { summary: 'prints one JSON object' },
  help: HELP
} as const satisfies OptionTable

export type LaunchOption = keyof typeof LAUNCH_OPTIONS
export type CommandOption = keyof typeof COMMAND_OPTIONS
