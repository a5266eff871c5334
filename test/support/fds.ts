import { closeSync, openSync, readdirSync, readFileSync, readlinkSync, readSync } from 'node:fs'
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

/** How many connections to a TCP port wait to be accepted. */
export function queueOfPort(port: number): number {
  return listeningTcp()
    .filter((socket) => socket.port === port)
    .reduce((sum, { queue }) => sum + queue, 0)
}

/** The ports of the clients on a TCP port whose connections a process has open. */
export function clientPorts(pid: number, port: number): number[] {
  const own = new Set(listFds(pid).values())
  const text = ['/proc/net/tcp', '/proc/net/tcp6']
    .map((file) => readable(() => readFileSync(file, 'utf8'), ''))
    .join('')
  // Local address and port, remote ones, state, five columns, inode.
  const rows = text.matchAll(/^ *\d+: \w+:(\w+) \w+:(\w+) \w\w (?:\S+ +){5}(\d+)/gm)
  const connections = Array.from(rows, ([, local = '', remote = '', inode]) => ({ local, remote, inode }))
  const isOwn = ({ local, inode }: { local: string; inode?: string | undefined }) =>
    Number.parseInt(local, 16) === port && own.has(`socket:[${inode}]`)
  return connections.filter(isOwn).map(({ remote }) => Number.parseInt(remote, 16))
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
  const isMarked = (pid: string) => readable(() => readAll(`/proc/${pid}/environ`), EMPTY).includes(marker)
  return pids.filter(isMarked).map(Number)
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

/** Whether a process stands still after SIGSTOP, or has ended. */
export function isStopped(pid: number): boolean {
  return /^State:\s+[TZX]/m.test(readable(() => readFileSync(`/proc/${pid}/status`, 'utf8'), 'State: X'))
}

/** How long a process may take from closing its pipes to being gone, on a busy machine. Milliseconds. */
const EXIT_LIMIT = 15_000

/** How often to look. Milliseconds. */
const INTERVAL = 20

/**
 * The processes, or sockets, that stay. A process closes its pipes a moment before it and its sockets are gone. The end
 * of a process that is not our child causes no event.
 */
export async function survivorsOf(alive: () => number[], limit = EXIT_LIMIT): Promise<number[]> {
  const deadline = performance.now() + limit
  while (alive().length > 0 && performance.now() < deadline) await pause(INTERVAL)
  return alive()
}

function allListeningInodes(): Set<number> {
  // The flag 00010000 is SO_ACCEPTCON: https://man7.org/linux/man-pages/man5/proc_pid_net.5.html
  const rows = readable(() => readFileSync('/proc/net/unix', 'utf8'), '').matchAll(
    /^\S+ \S+ \S+ 00010000 \S+ \S+ +(\d+)/gm
  )
  return new Set([...listeningTcp().map((socket) => socket.inode), ...Array.from(rows, ([, inode]) => Number(inode))])
}

function listeningTcp(): Array<{ port: number; queue: number; inode: number }> {
  const text = ['/proc/net/tcp', '/proc/net/tcp6'].map((file) => readable(() => readListening(file), '')).join('')
  // 0A is TCP_LISTEN; local address and port, remote ones, state, queues, four columns, inode.
  const rows = text.matchAll(/^ *\d+: \w+:(\w+) \S+ 0A \w+:(\w+) (?:\S+ +){4}(\d+)/gm)
  const hex = (digits = '') => Number.parseInt(digits, 16)
  return Array.from(rows, ([, port, queue, inode]) => ({ port: hex(port), queue: hex(queue), inode: Number(inode) }))
}

/**
 * The beginning of a list of sockets, with all that listen. They come first, and after a load of short connections the
 * others are thousands: https://www.kernel.org/doc/html/latest/networking/proc_net_tcp.html
 */
function readListening(file: string): string {
  const isPast = (text: string) => /^ *\d+: \S+ \S+ (?!0A)\w\w /m.test(text)
  return readUntil(file, (text) => isPast(text.toString('latin1'))).toString('latin1')
}

/** Where files of /proc are read into; larger than the environment that a process may have here. */
const buffer = Buffer.alloc(2 ** 20)
const EMPTY = buffer.subarray(0, 0)

/** The text of a file. It is overwritten by the next call. */
function readAll(file: string): Buffer {
  return readUntil(file, () => false)
}

/**
 * The text of a file up to where it is enough. A test that waits for a process reads hundreds of files each time it
 * looks.
 */
function readUntil(file: string, isEnough: (text: Buffer) => boolean): Buffer {
  const fd = openSync(file, 'r')
  try {
    let end = 0
    for (let count = -1; count !== 0 && end < buffer.length && !isEnough(buffer.subarray(0, end)); end += count)
      count = readSync(fd, buffer, end, buffer.length - end, null)
    return buffer.subarray(0, end)
  } finally {
    closeSync(fd)
  }
}

/** Processes start and end while /proc is read. One that has ended counts as empty. */
function readable<T>(read: () => T, otherwise: T): T {
  try {
    return read()
  } catch {
    return otherwise
  }
}
