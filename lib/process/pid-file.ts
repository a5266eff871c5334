import { accessSync, constants, readFileSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { dirname, join, resolve, sep } from 'node:path'
import { InvalidOptionError } from '../errors.js'

/** A file that holds the pid of the process that serves now. */
export class PidFile {
  readonly path: string

  constructor(path: string) {
    this.path = resolve(path)
  }

  /**
   * Fails early where the file could never be written.
   *
   * @throws {InvalidOptionError} when the folder is missing or not writable, or the path is a folder itself
   */
  check(): void {
    try {
      // With the slash, a file is no folder: ENOTDIR.
      accessSync(join(dirname(this.path), sep), constants.W_OK | constants.X_OK)
    } catch (cause) {
      throw Object.assign(new InvalidOptionError('pidFile', 'in a folder that can be written to', this.path), { cause })
    }
    if (statSync(this.path, { throwIfNoEntry: false })?.isDirectory())
      throw new InvalidOptionError('pidFile', 'the path of a file', this.path)
  }

  /**
   * Writes the pid, in one step: a reader finds the old pid or the new one, never half of it.
   *
   * @throws {Error} of `fs`
   */
  write(): void {
    const temporary = `${this.path}.${process.pid}`
    try {
      writeFileSync(temporary, `${process.pid}\n`)
      renameSync(temporary, this.path)
    } catch (error) {
      rmSync(temporary, { force: true })
      throw error
    }
  }

  /** Removes the file, if it still names this process. */
  remove(): void {
    try {
      if (Number.parseInt(readFileSync(this.path, 'utf8'), 10) === process.pid) rmSync(this.path, { force: true })
    } catch {
      // Gone, or no longer readable: it is not ours any more.
    }
  }
}
