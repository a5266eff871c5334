import { randomBytes } from 'node:crypto'
import { realpathSync, renameSync, unlinkSync } from 'node:fs'
import { constants } from 'node:os'
import { basename, dirname, join, resolve } from 'node:path'
import { os } from '../util/os.js'
import { isStale } from './stale-socket.js'

/**
 * The path of a unix socket. Node unlinks the path that a server was bound to when the server closes, so a parent would
 * take the path away from its child. A socket that was bound under another name and then renamed keeps its path, and
 * the last generation removes it.
 */
export class UnixPath {
  readonly path: string
  /** The app may change its directory. */
  readonly #absolute: string
  #identity: string | undefined
  /** The permissions and the group of the socket that was at the path when it was recognized last. */
  mode = 0o755
  group: number | undefined

  constructor(path: string) {
    this.path = path
    this.#absolute = resolve(path)
  }

  /**
   * Whether a path names a file: an abstract socket (Linux) begins with a zero byte, a named pipe of Windows is none.
   */
  static isFile(path: string): boolean {
    return process.platform !== 'win32' && !path.startsWith('\0')
  }

  /** Whether both name one file, by whatever way. */
  static isSame(one: string, other: string): boolean {
    return resolved(one) === resolved(other)
  }

  /**
   * The error of a path that is too long, on every Node: before 24 it would bind to the beginning of it, and report no
   * error.
   */
  get tooLong(): NodeJS.ErrnoException | undefined {
    if (Buffer.byteLength(this.path) <= LONGEST_PATH) return undefined
    const details = { code: 'EINVAL', errno: -constants.errno.EINVAL, syscall: 'listen', address: this.path }
    return Object.assign(new Error(`listen EINVAL: invalid argument ${this.path}`), details)
  }

  /**
   * A free name beside the path to bind to, or undefined where the path cannot be had: then the caller binds to the
   * path itself and gets the error that it deserves, with the path in it. A socket that a crash left behind is
   * replaced.
   */
  temporaryName(): string | undefined {
    const path = this.#fromHere
    if (lostFolder(path) !== undefined) return undefined
    if (os.stat(path) !== undefined && !isStale(path)) return undefined
    const beside = `${path}.${randomName(6)}`
    if (Buffer.byteLength(beside) <= LONGEST_PATH) return beside
    return join(dirname(path), randomName(Buffer.byteLength(basename(path))))
  }

  /** As the app has named it, which may be shorter; unless the app has changed its directory since. */
  get #fromHere(): string {
    return resolve(this.path) === this.#absolute ? this.path : this.#absolute
  }

  /** Moves the bound socket to its path, in one step. */
  install(temporary: string): void {
    renameSync(temporary, this.#fromHere)
    this.recognize()
  }

  /** Which file was at the path when it was recognized. */
  get identity(): string | undefined {
    return this.#identity
  }

  /**
   * Takes note of the file to remove in the end: the one that is at the path now.
   *
   * @param identity - which file that is, as another process knows; by now somebody may have put another one there
   */
  recognize(identity = identityOf(this.#absolute)): void {
    this.#identity = identity
    const stat = os.stat(this.#absolute)
    // A file that is no socket is not ours, and its permissions are no model: those of a link let everybody in.
    if (!stat?.isSocket()) return
    this.mode = Number(stat.mode) & 0o777
    this.group = Number(stat.gid)
  }

  /** Takes note of what has become of the permissions of its file. */
  refresh(): void {
    if (this.isInPlace && this.#identity !== undefined) this.recognize()
  }

  /** Whether the socket can still be reached by its path: the path may be removed, or lead to another file. */
  get isInPlace(): boolean {
    return this.#identity === undefined || identityOf(this.#absolute) === this.#identity
  }

  /** Removes the path, unless another file is there. */
  remove(): void {
    if (this.#identity === undefined || identityOf(this.#absolute) !== this.#identity) return
    this.#identity = undefined
    try {
      unlinkSync(this.#absolute)
    } catch {
      // Gone between the two calls, or its folder became read-only: there is nothing left to do with it.
    }
  }
}

/**
 * sun_path holds 108 bytes on Linux and 104 on macOS, with the zero byte:
 * https://man7.org/linux/man-pages/man7/unix.7.html
 */
const LONGEST_PATH = process.platform === 'linux' ? 107 : 103

/** Why a path cannot be used, for people. */
export const TOO_LONG = `the path is longer than the system allows, ${LONGEST_PATH} bytes`

/** Why nothing can be at a path, for people: its folder is not there. Undefined: it is. */
export function lostFolder(path: string): string | undefined {
  const folder = dirname(path)
  return os.stat(folder) === undefined
    ? `the folder ${folder} does not exist, or this user may not enter it`
    : undefined
}

function resolved(path: string): string {
  const absolute = resolve(path)
  try {
    return join(realpathSync(dirname(absolute)), basename(absolute))
  } catch {
    return absolute // There is no such folder.
  }
}

function randomName(length: number): string {
  return randomBytes(length).toString('hex').slice(0, length)
}

function identityOf(path: string): string | undefined {
  const stat = os.stat(path)
  return stat && `${stat.dev}:${stat.ino}`
}
