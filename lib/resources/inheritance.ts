import { SocketAddress } from 'node:net'
import { hideCompileCache } from '../base/compile-cache.js'
import { BadHandoffError } from '../base/errors.js'
import { type ListeningHandle, openDormant } from '../base/node-internals.js'
import { os } from '../base/os.js'
import { UnixPath } from '../base/unix-path.js'
import {
  type ClaimedListener,
  decodeHandoff,
  HANDOFF_VARIABLE,
  type Handoff,
  type InheritedListener
} from '../pure/handoff.js'
import { type BoundAddress, formatAddress, sameAddress } from '../pure/listener-key.js'

/** What the parent of this process left to it: listening sockets, by the keys they were asked for. */
export class Inheritance {
  readonly generation: number
  /** Whether a launcher keeps the listeners: their paths are its to remove. */
  readonly #isLaunched: boolean
  readonly #handles = new Map<number, ListeningHandle>()
  #unclaimed: InheritedListener[]

  private constructor(handoff: Handoff) {
    this.generation = handoff.generation
    this.#isLaunched = handoff.launched === true
    this.#unclaimed = handoff.listeners.map((listener, index) => ({ ...listener, index }))
  }

  /**
   * Reads the flag. Returns `'none'` without a flag, or with one that leaves nothing, as the first server of a launcher has it;
   * and `'stranger'` for one that was meant for another process.
   *
   * @throws {BadHandoffError} when the flag is malformed, or a descriptor is not the listening socket it is said to be
   */
  static of(flag: string | undefined): Inheritance | 'none' | 'stranger' {
    if (flag === undefined) return 'none'
    const handoff = decodeHandoff(flag)
    const inheritance = new Inheritance(handoff)
    // The parent's pid ties the flag to the process that was meant, and the channel comes with every handoff: a process
    // further down has neither. In a forked child, fd 3 would be its IPC channel.
    if (process.send === undefined) return 'stranger'
    if (handoff.parent !== process.ppid) return inheritance.#isOrphaned(handoff.parent) ? inheritance : 'stranger'
    for (const listener of inheritance.unclaimed) inheritance.#verify(listener)
    return handoff.listeners.length === 0 ? 'none' : inheritance
  }

  /** The first unclaimed listener with this key; from now on it is the caller's. */
  claim(key: string): ClaimedListener | undefined {
    const at = this.#unclaimed.findIndex((listener) => listener.key === key)
    const [listener] = at === -1 ? [] : this.#unclaimed.splice(at, 1)
    return listener && { ...listener, handle: this.handleOf(listener) }
  }

  /** What nobody has claimed yet. */
  get unclaimed(): readonly InheritedListener[] {
    return this.#unclaimed
  }

  /** The dormant handle of a listener, opened once: it owns the file descriptor from then on. */
  handleOf({ fd }: InheritedListener): ListeningHandle {
    const handle = this.#handles.get(fd) ?? openDormant(fd)
    this.#handles.set(fd, handle)
    return handle
  }

  /** Ends the claims: closes what nobody wanted, with its path if it has one, and returns it. */
  relinquish(): InheritedListener[] {
    const unwanted = this.#unclaimed.splice(0)
    for (const listener of unwanted) {
      this.handleOf(listener).close()
      if (!this.#isLaunched && 'path' in listener.address && UnixPath.isFile(listener.address.path))
        abandon(listener.address.path)
    }
    return unwanted
  }

  /**
   * A child whose parent died while it booted has another parent by now, and has to serve all the more. It is known by
   * the sockets, which nobody else inherits: Node opens them with FD_CLOEXEC.
   */
  #isOrphaned(parent: number): boolean {
    if (os.exists(parent)) return false
    return this.#unclaimed.every(({ fd, address }) => {
      const found = listeningAddress(fd, address)
      return typeof found === 'object' && sameAddress(found, address)
    })
  }

  #verify(listener: InheritedListener): void {
    const { fd, address } = listener
    if (os.stat(fd)?.isSocket() !== true) throw new BadHandoffError(`file descriptor ${fd} is no open socket`)
    const found = listeningAddress(fd, address)
    if (found === 'not listening') throw new BadHandoffError(`file descriptor ${fd} is no listening socket`)
    if (found === 'unknown') this.#verifyKind(listener)
    else if (!sameAddress(found, address)) {
      throw new BadHandoffError(
        `file descriptor ${fd} listens on ${formatAddress(found)}, not on ${formatAddress(address)}`
      )
    }
  }

  /** The system does not tell more: there is no /proc, or the socket is of another network namespace, or of another kind. */
  #verifyKind(listener: InheritedListener): void {
    try {
      this.handleOf(listener)
    } catch (cause) {
      throw Object.assign(new BadHandoffError(`file descriptor ${listener.fd} is no listening socket`), { cause })
    }
  }
}

/** Takes the flag out of the environment, so that no process started from here takes it for its own. */
export function takeFlag(env: NodeJS.ProcessEnv = process.env): string | undefined {
  const flag = env[HANDOFF_VARIABLE]
  delete env[HANDOFF_VARIABLE]
  if (flag !== undefined) hideCompileCache(env)
  return flag
}

/** The parent leaves its paths to this process. */
function abandon(name: string): void {
  const path = new UnixPath(name)
  path.recognize()
  path.remove()
}

/** Looks the socket up in the kernel's tables, since Node has no `getsockopt(SO_ACCEPTCONN)`. */
function listeningAddress(fd: number, expected: BoundAddress): BoundAddress | 'not listening' | 'unknown' {
  const inode = os.fileLink(fd)?.match(/^socket:\[(\d+)\]$/)?.[1]
  if (inode === undefined) return 'unknown'
  return findTcp(inode, 'tcp') ?? findTcp(inode, 'tcp6') ?? findUnix(inode, expected) ?? 'unknown'
}

/** `sl local_address rem_address st … inode`, addresses in hexadecimal; state 0A is LISTEN. */
function findTcp(inode: string, table: 'tcp' | 'tcp6'): BoundAddress | 'not listening' | undefined {
  for (const line of os.socketTable(table)) {
    const columns = line.trim().split(/\s+/)
    if (columns[9] !== inode) continue
    if (columns[3] !== '0A') return 'not listening'
    const [address = '', port = ''] = (columns[1] ?? '').split(':')
    const family = table === 'tcp' ? 'IPv4' : 'IPv6'
    return {
      family,
      address: table === 'tcp' ? decodeIPv4(address) : decodeIPv6(address),
      port: Number.parseInt(port, 16)
    }
  }
  return undefined
}

/** `Num RefCount Protocol Flags Type St Inode Path`; flag 00010000 is __SO_ACCEPTCON. The path may have been renamed. */
function findUnix(inode: string, expected: BoundAddress): BoundAddress | 'not listening' | undefined {
  for (const line of os.socketTable('unix')) {
    const columns = line.trim().split(/\s+/)
    if (columns[6] !== inode) continue
    if ((Number.parseInt(columns[3] ?? '0', 16) & 0x10000) === 0) return 'not listening'
    return 'path' in expected ? expected : { path: columns[7] ?? '' }
  }
  return undefined
}

function decodeIPv4(hex: string): string {
  return hostOrder(hex).join('.')
}

/** As the kernel prints it: four words of 32 bits in the byte order of the machine. In the notation that Node uses for addresses. */
function decodeIPv6(hex: string): string {
  const bytes = (hex.match(/.{8}/g) ?? []).flatMap(hostOrder)
  const groups = Array.from({ length: 8 }, (_, i) =>
    (((bytes[2 * i] ?? 0) << 8) | (bytes[2 * i + 1] ?? 0)).toString(16)
  )
  return new SocketAddress({ family: 'ipv6', address: groups.join(':') }).address
}

function hostOrder(word: string): number[] {
  const buffer = Buffer.from(word, 'hex')
  const value = LITTLE_ENDIAN ? buffer.readUInt32LE() : buffer.readUInt32BE()
  return [value >>> 24, (value >>> 16) & 255, (value >>> 8) & 255, value & 255]
}

const LITTLE_ENDIAN = new Uint8Array(Uint16Array.of(1).buffer)[0] === 1
