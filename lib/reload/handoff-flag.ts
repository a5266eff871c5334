import { BadHandoffError } from '../errors.js'
import type { ListeningHandle } from '../internals/listening-handle.js'
import { FIRST_DESCRIPTOR } from '../process/descriptors.js'
import { LAUNCHER_PROTOCOL_VERSION } from '../protocol/launcher-messages.js'
import { PROTOCOL_VERSION } from '../protocol/messages.js'
import type { BoundAddress } from '../sockets/listener-key.js'
import { os } from '../util/os.js'

/** The environment variable by which a parent tells its child what it inherits. */
export const HANDOFF_VARIABLE = 'FASTIFY_GRACEFUL_RELOAD'

/** One inherited listening socket. */
export interface HandoffListener {
  fd: number
  key: string
  address: BoundAddress
  /** It came from the service manager, to which its path belongs; claimed by its address, whatever its key. */
  activated?: boolean
}

/** A listener that waits to be claimed in the child, with its place in the handoff. */
export interface InheritedListener extends HandoffListener {
  index: number
}

/** A listener that has been claimed, with its dormant handle. */
export type ClaimedListener = InheritedListener & { handle: ListeningHandle }

/** The value of the flag. */
export interface HandoffFlag {
  version: number
  /** The pid that the child's `process.ppid` must be: a flag that reached another process means nothing to it. */
  parent: number
  generation: number
  /** By this the two recognize each other's messages: see `lib/process/envelope.ts`. */
  secret: string
  listeners: HandoffListener[]
  /**
   * The numbers of the descriptors that are the app's own: see `lib/process/descriptors.ts`. Under a launcher it is the
   * one that knows.
   */
  descriptors?: number[]
  /** The parent process is a launcher; who serves in the meantime, if anybody does, is another child of it. */
  launched?: true
  /** The version of the messages that this launcher understands. One of before there was this field understands 3. */
  launcherVersion?: number
  /**
   * The child only shows whether it could take over, and never serves. One of an earlier release does not know this
   * field.
   */
  check?: true
  /** Path of the control socket of that launcher. */
  control?: string
  /** That launcher watches the files of the app, in development: a new generation has no probation. */
  watched?: true
  /** The number of a descriptor that is to be closed: see `lib/launcher/descriptor-table.ts`. */
  spare?: number
}

/** The flag's value for a child of this process. */
export function encodeHandoff(
  parent: number,
  generation: number,
  secret: string,
  listeners: HandoffListener[],
  descriptors: readonly number[] = [],
  isCheck = false
): string {
  const handoff = { version: PROTOCOL_VERSION, parent, generation, secret, listeners }
  return JSON.stringify({
    ...handoff,
    ...(descriptors.length > 0 && { descriptors: [...descriptors] }),
    ...(isCheck && { check: true as const })
  } satisfies HandoffFlag)
}

/** What the flag says of listeners that cross. `places`: where the process finds them, in the same order. */
export function entriesAt(
  places: readonly number[],
  listeners: ReadonlyArray<Omit<HandoffListener, 'fd'>>
): HandoffListener[] {
  return listeners.map(({ key, address, activated }, index) => {
    return { fd: places[index] as number, key, address, ...(activated === true && { activated }) }
  })
}

/** What a launcher says beside what every parent does: see {@link HandoffFlag}. */
interface LaunchSettings {
  control?: string | undefined
  isWatched?: boolean
  spare?: number | undefined
}

/** The flag's value for a server that this process, a launcher, starts. The first one of all has nothing to inherit. */
export function encodeLaunch(
  launcher: number,
  generation: number,
  secret: string,
  listeners: HandoffListener[],
  { control, isWatched = false, spare }: LaunchSettings = {}
): string {
  const handoff = {
    version: PROTOCOL_VERSION,
    parent: launcher,
    generation,
    secret,
    listeners,
    launched: true,
    launcherVersion: LAUNCHER_PROTOCOL_VERSION
  } as const
  const own = { ...(control !== undefined && { control }), ...(isWatched && { watched: true as const }) }
  return JSON.stringify({ ...handoff, ...own, ...(spare !== undefined && { spare }) } satisfies HandoffFlag)
}

/**
 * Reads the flag's value back.
 *
 * @throws {BadHandoffError} when it is no handoff that this version understands
 */
export function decodeHandoff(text: string): HandoffFlag {
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch (cause) {
    throw Object.assign(new BadHandoffError(`${HANDOFF_VARIABLE} is not JSON`), { cause })
  }
  const problem = findProblem(value)
  if (problem !== undefined) throw new BadHandoffError(`${HANDOFF_VARIABLE} ${problem}`)
  return value as HandoffFlag
}

/** The pid of the launcher that has made this flag, if it was one. This does not check whether the flag is sound. */
export function launcherOf(flag: string | undefined): number | undefined {
  const { launched, parent } = peek(flag)
  return launched === true ? parent : undefined
}

/** The pid of the process that has made this flag, if it is a check that this process was started for. */
export function checkerOf(flag: string | undefined): number | undefined {
  const { check, parent } = peek(flag)
  return check === true ? parent : undefined
}

/** The control socket of the launcher that has made this flag, if it has one. */
export function launcherControlOf(flag: string | undefined): string | undefined {
  const { control } = peek(flag)
  return typeof control === 'string' ? control : undefined
}

/** Whether that launcher watches the files of the app. */
export function isWatchedBy(flag: string | undefined): boolean {
  return peek(flag).watched === true
}

/** The descriptor that the process that made this flag wants to be closed. */
export function spareOf(flag: string | undefined): number | undefined {
  const { spare } = peek(flag)
  return isCount(spare) && spare >= FIRST_DESCRIPTOR ? spare : undefined
}

/** The secret of this flag; empty if it has none. */
export function secretOf(flag: string | undefined): string {
  const { secret } = peek(flag)
  return typeof secret === 'string' ? secret : ''
}

/** The descriptors of the app, as the parent passed them to this process; undefined if none passed any. */
export function descriptorsOf(flag: string | undefined): number[] | undefined {
  const { parent, descriptors = [] } = peek(flag)
  const isStranger = parent === undefined || (parent !== process.ppid && os.exists(parent))
  return isStranger || !isDescriptors(descriptors) ? undefined : descriptors
}

function peek(flag: string | undefined): Partial<HandoffFlag> {
  try {
    return Object(JSON.parse(flag ?? '{}')) as Partial<HandoffFlag>
  } catch {
    return {} // What is wrong with it is said when an app is registered.
  }
}

/** The version of a launcher that does not say which. */
const WITHOUT_FIELD = 3

function findProblem(value: unknown): string | undefined {
  if (!isObject(value)) return 'is not an object'
  if (value.version !== PROTOCOL_VERSION) {
    return `has version ${JSON.stringify(value.version)}, and this release understands ${PROTOCOL_VERSION}`
  }
  if (!isCount(value.parent)) return 'names no parent'
  const isLaunched = value.launched === true
  const { launcherVersion = WITHOUT_FIELD } = value
  if (isLaunched && launcherVersion !== LAUNCHER_PROTOCOL_VERSION) {
    return (
      `is that of a launcher with version ${JSON.stringify(launcherVersion)}, and this release understands ` +
      `${LAUNCHER_PROTOCOL_VERSION}; restart the launcher once`
    )
  }
  if (!isCount(value.generation) || (value.generation < 2 && !isLaunched)) return 'names no generation'
  if (typeof value.secret !== 'string' || value.secret === '') return 'names no secret'
  if (!Array.isArray(value.listeners) || (value.listeners.length === 0 && !isLaunched)) return 'names no listeners'
  const bad = value.listeners.findIndex((listener) => !isListener(listener))
  if (bad !== -1) return `has a malformed listener at index ${bad}`
  const { descriptors = [] } = value
  if (!isDescriptors(descriptors)) return 'has malformed descriptors'
  const fds = [...value.listeners.map((listener) => listener.fd), ...descriptors]
  return new Set(fds).size === fds.length ? undefined : 'names a file descriptor twice'
}

function isListener(value: unknown): value is HandoffListener {
  if (!isObject(value) || !isObject(value.address)) return false
  if (!isCount(value.fd) || value.fd < FIRST_DESCRIPTOR || typeof value.key !== 'string') return false
  if (value.activated !== undefined && typeof value.activated !== 'boolean') return false
  const { family, address, port, path } = value.address
  if (typeof path === 'string') return true
  return (family === 'IPv4' || family === 'IPv6') && typeof address === 'string' && isCount(port)
}

function isDescriptors(value: unknown): value is number[] {
  return Array.isArray(value) && value.every((fd) => isCount(fd) && fd >= FIRST_DESCRIPTOR)
}

function isCount(value: unknown): value is number {
  return typeof value === 'number' && Number.isInteger(value) && value > 0
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null
}
