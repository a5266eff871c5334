import { isIP, SocketAddress } from 'node:net'
import { resolve } from 'node:path'
import type { BoundAddress } from './listener-key.js'

/** A listening socket that the service manager opened and passed to this process. */
export interface ActivatedSocket {
  fd: number
  /** What its unit calls it (`FileDescriptorName=`), for messages. */
  name: string
  address: BoundAddress
}

/** The first descriptor that is passed: https://www.freedesktop.org/software/systemd/man/latest/sd_listen_fds.html */
const FIRST_FD = 3

const WILDCARDS = ['::', '0.0.0.0']

/**
 * The descriptors that were passed to the process with this pid, with their names.
 *
 * @throws {RangeError} when their number is none
 */
export function decodeActivation(env: NodeJS.ProcessEnv, pid: number): Array<Omit<ActivatedSocket, 'address'>> {
  const { LISTEN_PID, LISTEN_FDS = '', LISTEN_FDNAMES = '' } = env
  if (LISTEN_PID !== String(pid)) return []
  if (!/^\d{1,4}$/.test(LISTEN_FDS)) throw new RangeError(`LISTEN_FDS=${LISTEN_FDS} is no number of descriptors`)
  const names = LISTEN_FDNAMES.split(':')
  return Array.from({ length: Number(LISTEN_FDS) }, (_, index) => ({
    fd: FIRST_FD + index,
    name: names[index] || 'unknown'
  }))
}

/** How well an address is what a listener key asks for; 0: not at all. */
export function fitness(key: string, address: BoundAddress): number {
  const asked = parse(key)
  if ('path' in address) return 'path' in asked && samePath(asked.path, address.path) ? 1 : 0
  if ('path' in asked || asked.port !== address.port || asked.port === 0) return 0
  if (asked.hosts.includes(address.address)) return 2
  return isWildcard(asked.hosts) && isWildcard([address.address]) ? 1 : 0
}

/** Whether an address keeps a listener key from being bound, though it is not what the key asks for. */
export function isInTheWay(key: string, address: BoundAddress): boolean {
  const asked = parse(key)
  if ('path' in asked || 'path' in address || asked.port !== address.port || asked.port === 0) return false
  return isWildcard(asked.hosts) || isWildcard([address.address])
}

type Asked = { hosts: string[]; port: number } | { path: string }

/** The key as `listenerKey` makes it. */
function parse(key: string): Asked {
  const [, host = '', port] = /^tcp (\S+) (\d+)$/.exec(key) ?? []
  if (port !== undefined) return { hosts: addressesOf(host), port: Number(port) }
  return key.startsWith('unix ') ? { path: key.slice('unix '.length) } : { hosts: [], port: 0 }
}

/** A host is looked up when it is bound; here the few names are known that always mean the same. */
function addressesOf(host: string): string[] {
  if (host === '*') return WILDCARDS.slice(0, 1)
  if (host === 'localhost') return ['127.0.0.1', '::1']
  const address = host.replace(/%.*$/, '')
  return isIP(address) === 6 ? [new SocketAddress({ family: 'ipv6', address }).address] : [address]
}

/** Where the one is bound, the other cannot be, as long as IPv6 sockets take IPv4 too. */
function isWildcard(hosts: string[]): boolean {
  return hosts.some((host) => WILDCARDS.includes(host))
}

function samePath(one: string, other: string): boolean {
  return one === other || (!one.startsWith('\0') && !other.startsWith('\0') && resolve(one) === resolve(other))
}
