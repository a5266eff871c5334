import cluster from 'node:cluster'
import {
  type BigIntStats,
  closeSync,
  constants,
  fstatSync,
  lstatSync,
  openSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  readSync
} from 'node:fs'
import { isMainThread } from 'node:worker_threads'
import { RUNTIME } from './runtime.js'

/** A file descriptor of this process. */
export interface OpenDescriptor {
  fd: number
  /** What the system says of it, e.g. `pipe:[4711]` or a path. */
  link: string
  closesOnExec: boolean
  isWriteOnly: boolean
}

/** https://man7.org/linux/man-pages/man2/open.2.html */
const [O_ACCMODE, O_CLOEXEC] = [0o3, 0o2000000]

/**
 * What this plugin asks of the operating system and of the process it runs in. One object, so that a test can take one
 * call away.
 */
export const os = {
  /** Why this process cannot reload and what to do instead, or undefined if it can. */
  whyNoReload(): [why: string, instead: string] | undefined {
    if (RUNTIME !== 'Node') return [`on ${RUNTIME}`, 'restart the process instead, or run it on Node']
    if (process.platform === 'win32') return ['on Windows', 'restart the process instead']
    if (os.isClusterWorker()) return ['in a cluster worker', 'use the launcher with --workers in place of node:cluster']
    if (!isMainThread) return ['in a worker thread', 'register the plugin in the main thread']
    const permission = (process as { permission?: { has(scope: string): boolean } }).permission
    if (permission && !permission.has('child')) {
      return ['under the permission model', 'start the process with --allow-child-process']
    }
    return undefined
  },

  /** A worker has a channel to its primary, so without one there is no need to load the module, which is slow. */
  isClusterWorker(): boolean {
    return process.send !== undefined && cluster.isWorker
  },

  /** Why this process cannot have a unix socket to itself that only its user reaches, or undefined if it can. */
  whyNoControlSocket(): string | undefined {
    if (process.platform === 'win32') return 'on Windows'
    // The primary binds what its workers ask for, and the umask is not a worker thread's to set.
    if (os.isClusterWorker()) return 'in a cluster worker'
    return isMainThread ? undefined : 'in a worker thread'
  },

  /**
   * Whether the executable of this process is the app itself, and all arguments are the app's. Not every runtime has
   * the module. https://nodejs.org/api/single-executable-applications.html
   */
  isSingleExecutable(): boolean {
    return process.getBuiltinModule?.('node:sea')?.isSea() ?? false
  },

  /**
   * The command line that this process was started with, whatever became of `process.argv` since; undefined where the
   * system does not tell. A title that was set has taken its place.
   * https://man7.org/linux/man-pages/man5/proc_pid_cmdline.5.html
   */
  startCommandLine(): string[] | undefined {
    try {
      return readFileSync('/proc/self/cmdline', 'utf8').split('\0').slice(0, -1)
    } catch {
      return undefined // no /proc: macOS
    }
  },

  /**
   * The processes above this one, its parent first, as far as the system tells: nothing where there is no /proc, or
   * that of another PID namespace.
   */
  ancestors(): Array<{ pid: number; args: string[] }> {
    const ancestors: Array<{ pid: number; args: string[] }> = []
    try {
      if (readlinkSync('/proc/self') !== String(process.pid)) return []
      for (let pid = process.ppid; pid > 0; pid = parentOf(pid)) {
        const args = readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0').filter(Boolean)
        ancestors.push({ pid, args })
      }
    } catch {
      // no /proc: macOS; or the processes of other users are hidden
    }
    return ancestors
  },

  /**
   * Whether there is a process with this pid that has not ended: one that has keeps its pid until its parent asks for
   * its end.
   */
  exists(pid: number): boolean {
    try {
      return process.kill(pid, 0) && !isZombie(pid)
    } catch (error) {
      return (error as NodeJS.ErrnoException).code !== 'ESRCH'
    }
  },

  /**
   * The environment that this process was started with, whatever became of `process.env` since; undefined where the
   * system does not tell. https://man7.org/linux/man-pages/man5/proc_pid_environ.5.html
   */
  startEnvironment(): NodeJS.ProcessEnv | undefined {
    try {
      const entries = readFileSync('/proc/self/environ', 'utf8').split('\0')
      return Object.fromEntries(entries.filter((entry) => entry.indexOf('=') > 0).map(splitEntry))
    } catch {
      return undefined // no /proc: macOS
    }
  },

  /**
   * What is at a path, links not followed, or behind a file descriptor; undefined if nothing is that could be had.
   *
   * With `bigint`, because of a fault of Node before 24 in the other form: after a look at a socket, `fs.realpathSync`
   * takes the next path for one, and `require` no longer follows the links of a package manager.
   * https://github.com/nodejs/node/blob/v22.x/lib/fs.js, realpathSync
   */
  stat(file: string | number): BigIntStats | undefined {
    try {
      return typeof file === 'number' ? fstatSync(file, { bigint: true }) : lstatSync(file, { bigint: true })
    } catch {
      // ENOENT, EBADF; or EACCES, ELOOP, ENAMETOOLONG: the next use of the path fails with the same error.
      return undefined
    }
  },

  /**
   * Opens so many file descriptors and closes them again, to learn whether they could be had.
   *
   * @throws {Error} EMFILE or ENFILE
   */
  probeDescriptors(count: number): void {
    const probes: number[] = []
    try {
      while (probes.length < count) probes.push(openSync('/dev/null', 'r'))
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException
      if (code === 'EMFILE' || code === 'ENFILE') throw error
    } finally {
      for (const probe of probes) closeSync(probe)
    }
  },

  /** What the link of an open file says, e.g. `socket:[4711]`; undefined where there is no /proc. */
  fileLink(fd: number): string | undefined {
    try {
      return readlinkSync(`/proc/self/fd/${fd}`)
    } catch {
      return undefined
    }
  },

  /** The file descriptors of this process, in the order of their numbers; none where there is no /proc. */
  openDescriptors(): OpenDescriptor[] {
    try {
      const numbers = readdirSync('/proc/self/fd').map(Number)
      return numbers.sort((one, other) => one - other).flatMap(describe)
    } catch {
      return [] // no /proc: macOS; or the permission model
    }
  },

  /**
   * The lines of one of the kernel's socket tables, read in chunks: the listening sockets come first, and on a busy
   * machine the rest can be megabytes. https://man7.org/linux/man-pages/man5/proc_pid_net.5.html
   */
  *socketTable(name: 'tcp' | 'tcp6' | 'unix'): Generator<string> {
    let file: number
    try {
      file = openSync(`/proc/self/net/${name}`, 'r')
    } catch {
      return // no /proc, or no IPv6
    }
    try {
      yield* readLines(file)
    } finally {
      closeSync(file)
    }
  }
}

/** https://man7.org/linux/man-pages/man5/proc_pid_fdinfo.5.html */
function describe(fd: number): OpenDescriptor[] {
  const link = os.fileLink(fd)
  if (link === undefined) return [] // It was the one by which the folder was read.
  const flags = Number.parseInt(/^flags:\s+(\d+)$/m.exec(readFileSync(`/proc/self/fdinfo/${fd}`, 'utf8'))?.[1] ?? '', 8)
  return [
    { fd, link, closesOnExec: (flags & O_CLOEXEC) !== 0, isWriteOnly: (flags & O_ACCMODE) === constants.O_WRONLY }
  ]
}

function parentOf(pid: number): number {
  return Number(/^PPid:\s+(\d+)$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1] ?? 0)
}

/** `pid (name) state …`: https://man7.org/linux/man-pages/man5/proc_pid_stat.5.html */
function isZombie(pid: number): boolean {
  try {
    return /\) [ZX] [^)]*$/.test(readFileSync(`/proc/${pid}/stat`, 'latin1'))
  } catch {
    return false // no /proc: macOS
  }
}

function splitEntry(entry: string): [string, string] {
  const at = entry.indexOf('=')
  return [entry.slice(0, at), entry.slice(at + 1)]
}

function* readLines(file: number): Generator<string> {
  const chunk = Buffer.alloc(64 * 1024)
  let rest = ''
  for (;;) {
    const size = readSync(file, chunk)
    if (size === 0) break
    const lines = (rest + chunk.toString('latin1', 0, size)).split('\n')
    rest = lines.pop() ?? ''
    yield* lines
  }
}
