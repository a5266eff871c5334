import { readdirSync, readFileSync, readlinkSync } from 'node:fs'
import { setTimeout as pause } from 'node:timers/promises'

/** Whether this system lets a test look into other processes. Elsewhere these functions find nothing. */
export const HAS_PROC = process.platform === 'linux'

/** Every open fd of a process with what it refers to, e.g. `socket:[4711]`. */
export function listFds(pid: number): Map<number, string> {
  const links = readable(() => readdirSync(`/proc/${pid}/fd`), [])
    .map((fd) => [Number(fd), readable(() => readlinkSync(`/proc/${pid}/fd/${fd}`), '')] as const)
    // A descriptor that was closed between the two calls.
    .filter(([, link]) => link !== '')
  return new Map(links)
}

/** How many fds a process has open. */
export function countFds(pid: number): number {
  return listFds(pid).size
}

/** Inodes of the listening sockets, TCP or unix, that a process has open. */
export function listeningInodes(pid: number): number[] {
  const listening = allListeningInodes()
  const inodes = [...listFds(pid).values()].map((link) => Number(/^socket:\[(\d+)\]$/.exec(link)?.[1]))
  return [...new Set(inodes)].filter((inode) => listening.has(inode)).sort((a, b) => a - b)
}

/** Inodes of the sockets that listen on a TCP port. */
export function inodesOfPort(port: number): number[] {
  return listeningTcp()
    .filter((socket) => socket.port === port)
    .map((socket) => socket.inode)
}

/** Which of these inodes belong to a socket that still listens somewhere. */
export function stillListening(inodes: Iterable<number>): number[] {
  const listening = allListeningInodes()
  return [...inodes].filter((inode) => listening.has(inode))
}

/** Every process that was started with this text in its environment. */
export function pidsWithMarker(marker: string): number[] {
  if (!HAS_PROC) return []
  const pids = readdirSync('/proc').filter((name) => /^\d+$/.test(name) && Number(name) !== process.pid)
  const marked = pids.filter((pid) =>
    readable(() => readFileSync(`/proc/${pid}/environ`, 'latin1'), '').includes(marker)
  )
  return marked.map(Number)
}

/** Whether a process exists and is no zombie. */
export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0)
  } catch {
    // ESRCH: there is no such process.
    return false
  }
  return !/^State:\s+Z/m.test(readable(() => readFileSync(`/proc/${pid}/status`, 'utf8'), ''))
}

/** How long a process may take from closing its pipes to being gone, on a busy machine. Milliseconds. */
const EXIT_LIMIT = 15_000

/**
 * The processes, or sockets, that do not go. A process has closed its pipes before it is gone and its sockets with it, and the end
 * of one that is no child of ours is no event for us.
 */
export async function survivorsOf(alive: () => number[], limit = EXIT_LIMIT): Promise<number[]> {
  const deadline = performance.now() + limit
  while (alive().length > 0 && performance.now() < deadline) await pause(10)
  return alive()
}

function allListeningInodes(): Set<number> {
  // The flag 00010000 is SO_ACCEPTCON: https://man7.org/linux/man-pages/man5/proc_pid_net.5.html
  const unix = rowsOf('/proc/net/unix').filter((row) => row[3] === '00010000')
  return new Set([...listeningTcp().map((socket) => socket.inode), ...unix.map((row) => Number(row[6]))])
}

function listeningTcp(): Array<{ port: number; inode: number }> {
  // 0A is TCP_LISTEN: https://www.kernel.org/doc/html/latest/networking/proc_net_tcp.html
  const rows = [...rowsOf('/proc/net/tcp'), ...rowsOf('/proc/net/tcp6')].filter((row) => row[3] === '0A')
  return rows.map((row) => ({ port: Number.parseInt(row[1]?.split(':')[1] ?? '', 16), inode: Number(row[9]) }))
}

function rowsOf(file: string): string[][] {
  const lines = readable(() => readFileSync(file, 'utf8'), '')
    .trim()
    .split('\n')
    .slice(1)
  return lines.map((line) => line.trim().split(/\s+/))
}

/** Processes come and go while /proc is read: what has gone counts as empty. */
function readable<T>(read: () => T, otherwise: T): T {
  try {
    return read()
  } catch {
    return otherwise
  }
}
