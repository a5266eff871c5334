import nodeModule from 'node:module'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

const VARIABLE = 'NODE_COMPILE_CACHE'

/** Where Node itself would put it: https://nodejs.org/api/module.html#module-compile-cache */
const FOLDER = join(tmpdir(), 'node-compile-cache')

/**
 * Lets the generations of a service share what Node has compiled, so that a child boots quicker than a cold start. Node before
 * 22.1 has no such cache; whoever has a folder of their own for it, or wants none, is left alone.
 */
export function shareCompileCache(env: NodeJS.ProcessEnv): void {
  const isSupported = typeof (nodeModule as { enableCompileCache?: unknown }).enableCompileCache === 'function'
  if (isSupported && env.NODE_DISABLE_COMPILE_CACHE === undefined) env[VARIABLE] ??= FOLDER
}

/** Node has read the variable when it started: the app shall find the environment that it knows. */
export function hideCompileCache(env: NodeJS.ProcessEnv): void {
  if (env[VARIABLE] === FOLDER) delete env[VARIABLE]
}
