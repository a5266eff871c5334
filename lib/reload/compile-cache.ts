import nodeModule from 'node:module'
import { tmpdir, userInfo } from 'node:os'
import { isAbsolute, join, resolve } from 'node:path'
import { os } from '../util/os.js'
import { privateFolder } from '../util/private-folder.js'
import { toError } from '../util/to-error.js'

const VARIABLE = 'NODE_COMPILE_CACHE'

/** Tells the child that the folder is ours: it has the same value then. */
const MARKER = 'FASTIFY_GRACEFUL_COMPILE_CACHE'

/** Earlier releases gave this folder to the child. Another user may have made it first, so no child passes it on. */
const FORMER_FOLDER = join(tmpdir(), 'node-compile-cache')

/** A child that will be started, as far as the cache concerns it. */
interface CachingCommand {
  cwd: string
  env: NodeJS.ProcessEnv
}

/**
 * Lets the generations of a service share what Node has compiled, so that a child boots quicker than a cold start. Node
 * before 22.1 has no such cache. An environment that names a folder for it, or wants none, is left alone.
 *
 * Node runs what it finds there, and does not ask who wrote it. So only a private folder will do.
 * https://github.com/nodejs/node/blob/v22.x/src/compile_cache.cc
 *
 * @param wanted - the option `compileCache`
 * @returns a warning, if there is a folder that cannot be trusted
 */
export function shareCompileCache(
  { cwd, env }: CachingCommand,
  wanted: string | false | undefined
): string | undefined {
  const isSupported = typeof (nodeModule as { enableCompileCache?: unknown }).enableCompileCache === 'function'
  const isDecided = env[VARIABLE] !== undefined || env.NODE_DISABLE_COMPILE_CACHE !== undefined
  if (!isSupported || isDecided || wanted === false) return undefined
  const path = wanted === undefined ? automaticFolder(env) : resolve(cwd, wanted)
  if (path === undefined) return undefined
  try {
    env[VARIABLE] = env[MARKER] = privateFolder(path)
    return undefined
  } catch (error) {
    // A home that is read-only, or not there, is no mistake of the user.
    if (wanted === undefined && os.stat(path) === undefined) return undefined
    const why = toError(error).message
    return `the child gets no compile cache: ${why} (option compileCache names another folder, or is false for none)`
  }
}

/**
 * Node has read the variable when it started: the app finds the environment that it knows, and so do the processes that
 * it starts. Only for a process that was started with a handoff.
 */
export function hideCompileCache(env: NodeJS.ProcessEnv): void {
  if (env[VARIABLE] === env[MARKER] || env[VARIABLE] === FORMER_FOLDER) delete env[VARIABLE]
  delete env[MARKER]
}

/** That of the service manager, or else that of the user; undefined if the user has no home. */
function automaticFolder(env: NodeJS.ProcessEnv): string | undefined {
  // https://www.freedesktop.org/software/systemd/man/latest/systemd.exec.html#RuntimeDirectory=
  const ofService = absolute(env.CACHE_DIRECTORY?.split(':')[0])
  if (ofService !== undefined) return join(ofService, 'compile-cache')
  // https://specifications.freedesktop.org/basedir-spec/latest/
  const ofUser = absolute(env.XDG_CACHE_HOME) ?? below(absolute(env.HOME) ?? homeOfUser(), '.cache')
  return below(ofUser, 'fastify-graceful-reload', 'compile-cache')
}

function absolute(path: string | undefined): string | undefined {
  return path !== undefined && isAbsolute(path) ? path : undefined
}

function below(folder: string | undefined, ...names: string[]): string | undefined {
  return folder === undefined ? undefined : join(folder, ...names)
}

/** Not `os.homedir()`, which goes by what the app has made of `$HOME`. */
function homeOfUser(): string | undefined {
  try {
    return absolute(userInfo().homedir)
  } catch {
    return undefined // The user is not in the list of users, as in many containers.
  }
}
