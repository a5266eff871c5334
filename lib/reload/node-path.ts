import { accessSync, constants, statSync } from 'node:fs'
import { delimiter, join, resolve } from 'node:path'
import { realPath } from '../util/real-path.js'

/**
 * Where Node is, as it was found when this process was started: through a link that may lead to another version by then
 * (nvm, asdf, alternatives), or by its name on the `PATH`. `process.execPath` has no links left, and is gone after an
 * upgrade.
 */
export class NodePath {
  readonly #candidates: readonly string[]

  /**
   * @param name - `process.argv0`
   * @param env - the environment that this process was started with
   * @param directory - the directory that it was started in
   */
  constructor(name: string, env: NodeJS.ProcessEnv, directory: string) {
    const folders = (env.PATH ?? '').split(delimiter)
    const candidates = name.includes('/')
      ? [resolve(directory, name)]
      : folders.map((one) => join(resolve(directory, one), name))
    // A name can be anything that the parent of this process wanted.
    const found = candidates.find(isProgram)
    this.#candidates = found !== undefined && realPath(found) === realPath(process.execPath) ? candidates : []
  }

  /** The executable, looked up again. */
  get current(): string {
    return this.#candidates.find(isProgram) ?? process.execPath
  }
}

function isProgram(path: string): boolean {
  try {
    accessSync(path, constants.X_OK)
    return statSync(path).isFile()
  } catch {
    return false
  }
}
