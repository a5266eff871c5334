import { SocketAddress } from 'node:net'
import { os } from '../util/os.js'

/** What a listening socket is bound to, as the kernel reports it. */
export type BoundAddress = { family: 'IPv4' | 'IPv6'; address: string; port: number } | { path: string }

/**
 * Looks a socket up in the kernel's tables, since Node has no `getsockopt(SO_ACCEPTCONN)`. The path of a unix socket is
 * the one it was bound to; it may have been renamed since.
 *
 * Returns `'unknown'` where there is no /proc, and for a socket of another network namespace, or of another kind.
 */
export function listeningAddress(fd: number): BoundAddress | 'not listening' | 'unknown' {
  const inode = os.fileLink(fd)?.match(/^socket:\[(\d+)\]$/)?.[1]
  if (inode === undefined) return 'unknown'
  return findTcp(inode, 'tcp') ?? findTcp(inode, 'tcp6') ?? findUnix(inode) ?? 'unknown'
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

/** `Num RefCount Protocol Flags Type St Inode Path`; flag 00010000 is __SO_ACCEPTCON, type 0001 is SOCK_STREAM. */
function findUnix(inode: string): BoundAddress | 'not listening' | undefined {
  for (const line of os.socketTable('unix')) {
    const [, flags = '0', type, found, path = ''] =
      /^\S+ \S+ \S+ (\S+) (\S+) \S+ +(\d+)(?: (.*))?$/.exec(line.trimEnd()) ?? []
    if (found !== inode) continue
    if ((Number.parseInt(flags, 16) & 0x10000) === 0 || type !== '0001') return 'not listening'
    return { path: decodePath(path) }
  }
  return undefined
}

/** The table has been read byte by byte; an abstract name begins with a NUL, for which the kernel prints `@`. */
function decodePath(path: string): string {
  return Buffer.from(path, 'latin1').toString('utf8').replace(/^@/, '\0')
}

function decodeIPv4(hex: string): string {
  return hostOrder(hex).join('.')
}

/**
 * As the kernel prints it: four words of 32 bits in the byte order of the machine. In the notation that Node uses for
 * addresses.
 */
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
