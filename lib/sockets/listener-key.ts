import type { BoundAddress } from './socket-table.js'

export type { BoundAddress }

/** The part of the options of `net.Server#listen` that names what to listen on. */
export interface ListenTarget {
  port?: number | string | null | undefined
  host?: string | undefined
  path?: string | undefined
  fd?: number | undefined
}

/**
 * The key of a listener: the port or path that the app requested, not the one that it got. Port 0 keeps its place this
 * way, and new code finds the socket of the old code whatever order it listens in.
 *
 * Returns undefined for what names no place, such as a handle object.
 */
export function listenerKey(target: ListenTarget): string | undefined {
  if (typeof target.fd === 'number' && target.fd >= 0) return `fd ${target.fd}`
  // The order in which net.Server#listen itself looks at them; a port that is there and empty counts as 0, even beside
  // a path: https://github.com/nodejs/node/blob/v20.19.0/lib/net.js
  const isPort = 'port' in target || Object.keys(target).length === 0
  if (isPort) return `tcp ${target.host || '*'} ${Number(target.port ?? 0)}`
  return typeof target.path === 'string' && target.path !== '' ? `unix ${target.path}` : undefined
}

/** Whether a key leaves the choice of the port to the system. */
export function isEphemeral(key: string): boolean {
  return key.startsWith('tcp ') && key.endsWith(' 0')
}

/** An address for a log line. */
export function formatAddress(address: BoundAddress): string {
  if ('path' in address) return address.path
  return address.family === 'IPv6' ? `[${address.address}]:${address.port}` : `${address.address}:${address.port}`
}

/**
 * Whether two addresses name the same place; Node adds the zone to link-local addresses, the kernel's tables do not.
 */
export function sameAddress(one: BoundAddress, other: BoundAddress): boolean {
  if ('path' in one || 'path' in other) return formatAddress(one) === formatAddress(other)
  return withoutZone(formatAddress(one)) === withoutZone(formatAddress(other))
}

function withoutZone(address: string): string {
  return address.replace(/%[^\]]*/, '')
}
