import { statSync } from 'node:fs'
import { basename, dirname, join, relative, resolve, sep } from 'node:path'
import { inspect, isDeepStrictEqual } from 'node:util'
import { hideBootWatch } from '../boot-watch.js'
import { InvalidOptionError, SpawnFailedError } from '../errors.js'
import { os } from '../util/os.js'
import { isInside, realPath } from '../util/real-path.js'
import { toError } from '../util/to-error.js'
import { hideCompileCache } from './compile-cache.js'
import { HANDOFF_VARIABLE } from './handoff-flag.js'
import { withOwnInspector, withoutWaiting } from './node-options.js'
import { NodePath } from './node-path.js'
import { linkBeside, type Release, releaseOf } from './release.js'
import type { StartCommand } from './start-command.js'

/** Variables by which `child_process` names a channel to a child; they are spawn's to set. */
const CHANNEL_VARIABLES = ['NODE_CHANNEL_FD', 'NODE_CHANNEL_SERIALIZATION_MODE']

/** Variables of a socket activation: they are meant for the first generation, whose listeners cross in another way. */
const ACTIVATION_VARIABLES = ['LISTEN_PID', 'LISTEN_FDS', 'LISTEN_FDNAMES']

/** The command that started this process, kept so that it can be given again. */
export class Command {
  readonly #env: NodeJS.ProcessEnv
  readonly #isSingleExecutable = os.isSingleExecutable()
  /** Options of Node are built into a single executable application, or stand among its arguments. */
  readonly #execArgv = this.#isSingleExecutable ? [] : [...process.execArgv]
  /** The script, if there is one, and the arguments. */
  readonly #argv = this.#isSingleExecutable ? argumentsOfExecutable() : startArguments()
  readonly #node: NodePath
  #cwd: string
  /** The way by which the current directory was entered, and the same place without links. */
  #way: [logical: string, physical: string]
  /** Links that led to the code when this process started, with where they led. */
  readonly #links: Array<[link: string, target: string]>
  /**
   * The script of this process, or the executable that is the app, without links; undefined where there is none, as
   * with `node -e`.
   */
  readonly script = realPath(this.#isSingleExecutable ? process.execPath : process.argv[1])
  /** What this process has loaded. */
  readonly release: Release

  /** Must be called before the app can have changed its directory or, where there is no /proc, its environment. */
  constructor() {
    this.#env = os.startEnvironment() ?? { ...process.env }
    // The next child gets a cache only if its folder can be trusted then.
    if (HANDOFF_VARIABLE in this.#env) hideCompileCache(this.#env)
    hideBootWatch(this.#env)
    for (const name of [HANDOFF_VARIABLE, ...CHANNEL_VARIABLES, ...ACTIVATION_VARIABLES]) delete this.#env[name]
    const physical = currentDirectory()
    this.#cwd = logicalDirectory(this.#env.PWD, physical)
    this.#way = withoutCommonEnd(this.#cwd, physical)
    this.#node = new NodePath(process.argv0, this.#env, physical)
    this.release = releaseOf(this.script, physical)
    const code = this.#isSingleExecutable ? [this.#node.current] : this.#argv.slice(0, 1)
    this.#links = [this.#way[0], ...code].flatMap((path): Array<[string, string]> => {
      const target = realPath(path)
      return target === undefined || target === path ? [] : [[path, target]]
    })
  }

  /**
   * From here on children are started in this directory, wherever a link in its path leads by then: that is where the
   * release is, in place of the directory of the start.
   *
   * @throws {InvalidOptionError} when it is none
   */
  enter(directory: string): void {
    const logical = resolve(this.#cwd, directory)
    const physical = realPath(logical)
    if (physical === undefined || !statSync(physical).isDirectory())
      throw new InvalidOptionError('directory', 'the path of a directory', directory)
    const { script, directory: start } = this.release
    // The link may have been switched since this process was started.
    const entered = script !== undefined && !isInside(script, physical) && isInside(script, start) ? start : physical
    this.#cwd = this.#env.PWD = logical
    this.#way = [logical, entered]
    this.#links.push([logical, entered])
  }

  /**
   * The command for a successor: the same executable, options and arguments, in the environment and the directory of
   * the start. A directory that was entered by a link is entered by that link again, wherever it leads by then.
   *
   * @throws {SpawnFailedError} when the function does not return an environment
   */
  again(editEnv: (env: NodeJS.ProcessEnv) => NodeJS.ProcessEnv = (env) => env): StartCommand {
    const env = { ...this.#env }
    const nodeOptions = env.NODE_OPTIONS ?? ''
    if (nodeOptions !== '') env.NODE_OPTIONS = withoutWaiting(nodeOptions)
    const command = this.#isSingleExecutable ? this.#executable() : this.#script(nodeOptions)
    return { ...command, cwd: this.#cwd, env: edited(env, editEnv) }
  }

  #executable(): Omit<StartCommand, 'cwd' | 'env'> {
    return { file: this.#throughLink(this.#node.current), isNode: false, args: this.#argv, script: undefined }
  }

  #script(nodeOptions: string): Omit<StartCommand, 'cwd' | 'env'> {
    const [given, ...args] = this.#argv
    const script = given === undefined ? [] : [this.#throughLink(given)]
    // With `node -e code -- --flag` Node drops the two dashes, without which it would take the argument for its own.
    const dashes = given !== undefined && /^-./.test(given) ? ['--'] : []
    const options = withOwnInspector(this.#execArgv, nodeOptions)
    const all = [...options, ...dashes, ...script, ...args]
    return { file: this.#node.current, isNode: true, args: all, script: script[0] }
  }

  /**
   * The link that leads to another release, perhaps since the start of this process, while a new process loaded this
   * script again.
   */
  movedLink(script: string | undefined): string | undefined {
    if (script === undefined || script !== this.script) return undefined
    return this.#movedSinceStart(script) ?? linkBeside(script)
  }

  #movedSinceStart(script: string): string | undefined {
    const ledToIt = this.#links.filter(([, target]) => script === target || isInside(script, target))
    return ledToIt.find(([link, target]) => realPath(link) !== target)?.[0]
  }

  /** Node resolves `argv[1]` against `process.cwd()`; with `node .` it is that directory itself. */
  #throughLink(script: string): string {
    const [logical, physical] = this.#way
    const isHere = script === physical || isInside(script, physical)
    return isHere ? join(logical, relative(physical, script)) : script
  }
}

/**
 * The script and its arguments. A program that takes its arguments out of `process.argv`, as fastify-cli does before it
 * loads the app, would get none the next time; the system has them still.
 */
function startArguments(): string[] {
  const { argv0, argv, execArgv } = process
  const line = os.startCommandLine() ?? []
  const [script, ...args] = line.slice(1 + execArgv.length)
  // A title fills the place of the command line, and of the rest of it nothing is left but empty strings.
  const isOurs = isDeepStrictEqual(line.slice(0, 1 + execArgv.length), [argv0, ...execArgv])
  const isScript = Boolean(script) && argv[1] !== undefined && resolve(script as string) === argv[1]
  return isOurs && isScript ? [argv[1] as string, ...args] : argv.slice(1)
}

/**
 * Node puts the executable in the place of the script as well. The system also has the options of Node among the
 * arguments.
 */
function argumentsOfExecutable(): string[] {
  const [name, ...args] = os.startCommandLine() ?? []
  return name === process.argv0 ? args : process.argv.slice(2)
}

/** A copy of the result of the function. Without a `return`, the child would not even get a PATH. */
function edited(env: NodeJS.ProcessEnv, edit: (env: NodeJS.ProcessEnv) => NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  let result: unknown
  try {
    result = edit(env)
  } catch (cause) {
    throw Object.assign(new SpawnFailedError('the environment of option env', toError(cause).message), { cause })
  }
  if (typeof result === 'object' && result !== null && !('then' in result)) return { ...result }
  throw new SpawnFailedError('the environment of option env', `the function returned ${inspect(result)}`)
}

/**
 * `$PWD` is how the shell came here, links included, if it is here: POSIX, `pwd -L`. `process.cwd()` has no links left,
 * so `cd current && node app.js` would load the old release for ever.
 */
function logicalDirectory(pwd: string | undefined, physical: string): string {
  return pwd?.startsWith(sep) && isSameDirectory(pwd, physical) ? pwd : physical
}

/** With `cd current/bin && node ../app.js`, the path of `current` counts. */
function withoutCommonEnd(logical: string, physical: string): [logical: string, physical: string] {
  const [above, aboveToo] = [dirname(logical), dirname(physical)]
  const goesOn = logical !== physical && basename(logical) === basename(physical) && isSameDirectory(above, aboveToo)
  return goesOn ? withoutCommonEnd(above, aboveToo) : [logical, physical]
}

/** The current directory, by the link that it was entered by. */
export function enteredDirectory(): string {
  return logicalDirectory(process.env.PWD, currentDirectory())
}

function currentDirectory(): string {
  try {
    return process.cwd()
  } catch {
    return sep // It has been deleted: https://nodejs.org/api/process.html#processcwd
  }
}

function isSameDirectory(one: string, other: string): boolean {
  try {
    const [a, b] = [statSync(one), statSync(other)]
    return a.dev === b.dev && a.ino === b.ino
  } catch {
    return false // gone, or in a folder that this user may not enter: $PWD is whatever the shell left there
  }
}
