import { randomBytes } from 'node:crypto'
import {
  accessSync,
  closeSync,
  constants,
  fstatSync,
  ftruncateSync,
  openSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
  writeSync
} from 'node:fs'
import { dirname, join, resolve, sep } from 'node:path'
import { InvalidOptionError } from '../errors.js'

/** A file that holds the pid of the process that serves now. */
export class PidFile {
  readonly path: string

  constructor(path: string) {
    this.path = resolve(path)
  }

  /**
   * Fails early where the file could never be written. A process that has given up its privileges may find the folder
   * closed; a file in it that belongs to its user will do.
   *
   * @throws {InvalidOptionError} when the folder is missing or not writable, or the path is a folder itself
   */
  check(): void {
    try {
      // With the slash, a file is no folder: ENOTDIR.
      accessSync(join(dirname(this.path), sep), constants.W_OK | constants.X_OK)
    } catch (cause) {
      if (this.#isWritable()) return
      throw Object.assign(new InvalidOptionError('pidFile', 'in a folder that can be written to', this.path), { cause })
    }
    if (statSync(this.path, { throwIfNoEntry: false })?.isDirectory())
      throw new InvalidOptionError('pidFile', 'the path of a file', this.path)
  }

  /**
   * Writes the pid, in one step: a reader finds the old pid or the new one, never half of it. In a folder that others
   * can write to, nobody can know the name that it is written under first; and whatever is there already is not opened.
   *
   * @throws {Error} of `fs`
   */
  write(): void {
    const temporary = `${this.path}.${randomBytes(6).toString('hex')}`
    try {
      writeFileSync(temporary, line(), { flag: 'wx', mode: MODE })
    } catch (error) {
      // It may have been made before the disk was full.
      discard(temporary)
      if (!this.#isWritable()) throw error
      this.#overwrite()
      return
    }
    try {
      renameSync(temporary, this.path)
    } catch (error) {
      discard(temporary)
      throw error
    }
  }

  /**
   * In a folder where nothing can be made. The pid comes before the rest of the old one is cut off: the first line is
   * right at any time.
   */
  #overwrite(): void {
    const file = openFile(this.path, constants.O_WRONLY)
    try {
      ftruncateSync(file, writeSync(file, line(), 0))
    } finally {
      closeSync(file)
    }
  }

  #isWritable(): boolean {
    try {
      closeSync(openFile(this.path, constants.O_WRONLY))
      return true
    } catch {
      return false // The caller has an error to throw.
    }
  }

  /** Removes the file, if it still names this process. */
  remove(): void {
    if (this.isOurs) discard(this.path)
  }

  /** Whether the file names this process. */
  get isOurs(): boolean {
    try {
      return this.#read() === process.pid
    } catch {
      return false // It is gone, or cannot be read any more.
    }
  }

  #read(): number {
    const file = openFile(this.path, constants.O_RDONLY)
    try {
      return Number.parseInt(readFileSync(file, 'utf8'), 10)
    } finally {
      closeSync(file)
    }
  }
}

/** A user who could write another pid into it could choose which process gets the signals. */
const MODE = 0o644

/** What is left behind is no reason to fail, or there is a better one. */
function discard(path: string): void {
  try {
    rmSync(path, { force: true })
  } catch {
    // The folder cannot be entered any more.
  }
}

const line = () => `${process.pid}\n`

/**
 * Opens a file that somebody else may have put there: through no link, and without waiting for the other end of a named
 * pipe.
 *
 * @throws {Error} of `fs`, or because it is no file of this user
 */
function openFile(path: string, access: number): number {
  const file = openSync(path, access | constants.O_NOFOLLOW | constants.O_NONBLOCK)
  const stat = fstatSync(file)
  if (stat.isFile() && stat.uid === process.geteuid?.()) return file
  closeSync(file)
  throw new Error(`${path} is no file of this user`)
}
