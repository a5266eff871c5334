/** A process above this one, as far as the system tells. */
export interface Ancestor {
  pid: number
  /** Its command line. A process that has set its title has that as its only argument. */
  args: readonly string[]
}

/**
 * What a process means to the one below it.
 *
 * - `shell`, `init`, `package manager`, `runner`: it has started one command and ends with it.
 * - the others watch over the process that they have started, by its pid.
 */
export type Role =
  | 'shell'
  | 'init'
  | 'package manager'
  | 'runner'
  | 'pm2'
  | 'supervisord'
  | 'service supervisor'
  | 'container runtime'
  | 'watcher'
  | 'systemd'

type Rule = [Role, RegExp, isMeant?: (args: readonly string[]) => boolean]

/** By the name of the program, and by what distinguishes it from others of the same name. */
const RULES: readonly Rule[] = [
  ['watcher', /^(nodemon|node-dev|tsnd|ts-node-dev)$/],
  ['watcher', /^tsx$/, (args) => args.includes('watch')],
  ['watcher', /^(node|nodejs)$/, (args) => args.some((arg) => /^--watch(-path)?(=|$)/.test(arg))],
  ['watcher', /^fastify$/, (args) => args.some((arg) => arg === '-w' || arg === '--watch')],
  ['shell', /^(ba|da|a|z|k|mk|fi)?sh$/, runsCommand],
  ['init', /^(tini|tini-static|dumb-init|docker-init|podman-init|catatonit)$/],
  // What Docker and Podman mount for `--init` under the name of the real one, which has no such argument.
  ['init', /^init$/, (args) => args.includes('--')],
  ['package manager', /^(npm|npx|yarn|yarnpkg|yarn-[\d.]+|pnpm|pnpx|corepack)$/],
  ['runner', /^(sudo|su|runuser|doas|timeout|cross-env|dotenv|dotenvx|env-cmd|tsx)$/],
  ['pm2', /^(PM2|pm2|pm2-runtime|pm2-docker)$/],
  ['supervisord', /^supervisord$/],
  ['service supervisor', /^(runsv|s6-supervise|supervise|circusd|foreman:?|honcho|overmind|hivemind)$/],
  ['container runtime', /^(containerd-shim.*|conmon|crun|runc)$/],
  ['systemd', /^systemd$/]
]

const INTERPRETER = /^(node|nodejs|python|ruby)[\d.]*$/

/** The role of a process for its child; undefined: none, as for a terminal or any other program. */
export function roleOf({ args }: Ancestor): Role | undefined {
  const name = programName({ args })
  return RULES.find(([, names, isMeant = () => true]) => names.test(name) && isMeant(argumentsOf(args)))?.[0]
}

/** The name by which a user knows a program: that of the script, where an interpreter runs it. */
export function programName({ args }: Pick<Ancestor, 'args'>): string {
  const [file = '', ...others] = wordsOf(args)
  const script = INTERPRETER.test(baseName(file)) ? others.find((arg) => !arg.startsWith('-')) : undefined
  const name = script !== undefined && isProgram(script) ? script : file
  return /\/tsx\/dist\/cli\.mjs$/.test(name) ? 'tsx' : baseName(name)
}

/** A script that is known here; of any other, the interpreter is what counts. */
function isProgram(script: string): boolean {
  const name = /\/tsx\/dist\/cli\.mjs$/.test(script) ? 'tsx' : baseName(script)
  return RULES.some(([role, names]) => role !== 'shell' && names.test(name))
}

/** A title is one argument with blanks in it, e.g. `npm run start`. */
function wordsOf(args: readonly string[]): readonly string[] {
  return args.length === 1 ? (args[0] as string).split(' ') : args
}

function argumentsOf(args: readonly string[]): readonly string[] {
  return wordsOf(args).slice(1)
}

/** Without the folders, the dash of a login shell, and the ending of a script. */
function baseName(file: string): string {
  return file
    .replace(/^.*\//, '')
    .replace(/^-/, '')
    .replace(/(-cli)?\.([cm]?js|py)$/, '')
}

/** Options of shells that take the next argument for their value. */
const SHELL_VALUES = /^(--init-file|--rcfile|[-+][oO])$/

/** A shell with a command or a script ends with it; one that reads from a terminal goes on. */
function runsCommand(args: readonly string[]): boolean {
  return args.some((arg, index) => {
    if (/^-[a-zA-Z]*c[a-zA-Z]*$/.test(arg)) return true
    return !/^[-+]/.test(arg) && !SHELL_VALUES.test(args[index - 1] ?? '')
  })
}
