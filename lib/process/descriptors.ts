import { closeSync, openSync } from 'node:fs'
import { type OpenDescriptor, os } from '../util/os.js'

/** stdin, stdout and stderr come first, then what else a process inherits. */
export const FIRST_DESCRIPTOR = 3

/**
 * Those up to here Node closes in the processes that it starts, unless they are named; what it opens itself when it
 * starts fills the gaps among them.
 */
const LAST_CLAIMED_BY_NODE = 15

/** The system passes higher descriptors on by itself: they have no FD_CLOEXEC. */
const LAST_KEPT = 255

/** What the next generation finds where the app has closed a descriptor. */
const NOTHING = '/dev/null'

/** On Linux: https://www.kernel.org/doc/Documentation/admin-guide/devices.txt, major 1, minor 3. */
const DEVICE_OF_NOTHING = 0x103n

/** `stdio` of `child_process.spawn`. */
type Stdio = Array<number | 'inherit' | 'pipe' | 'ignore' | 'ipc'>

/** What a child gets beside what it keeps: see {@link AppDescriptors.lend}. */
interface Lent {
  readonly sockets: readonly number[]
  readonly relayed?: readonly number[]
  readonly spare?: number | undefined
}

/**
 * The file descriptors that the program which started the service left to the app, at numbers that the app knows: a
 * lock, a pipe to a log, the notification-fd of s6. Each generation finds them at the same numbers. If the app has
 * closed one, the next generation finds `/dev/null` there: it will write to that number and close it as well, and must
 * hit nothing else.
 */
export class AppDescriptors {
  readonly numbers: readonly number[]
  readonly #identities: ReadonlyMap<number, string | undefined>

  /** @param numbers - known from the parent, or by a look at a process that has just begun */
  constructor(numbers: readonly number[]) {
    this.numbers = numbers
    this.#identities = new Map(numbers.map((fd) => [fd, identityOf(fd)]))
  }

  /** The descriptors of a process without a parent, which has opened nothing yet. Without /proc: none. */
  static ofStart(taken: readonly number[] = []): AppDescriptors {
    const channel = Number(os.startEnvironment()?.NODE_CHANNEL_FD ?? Number.NaN)
    const found = inheritedAmong(os.openDescriptors())
    return new AppDescriptors(found.filter((fd) => fd !== channel && !taken.includes(fd)))
  }

  /** The numbers at which a child finds so many sockets: the lowest that are free. */
  placesFor(count: number): number[] {
    const places: number[] = []
    for (let fd = FIRST_DESCRIPTOR; places.length < count; fd += 1) if (!this.numbers.includes(fd)) places.push(fd)
    return places
  }

  /** The numbers that the child of this process has to keep, except those that cross as listeners. */
  keptBeside(sockets: readonly number[]): number[] {
    const listeners = sockets.map(identityOf)
    return this.numbers.filter((fd) => !this.#isOpen(fd) || !listeners.includes(identityOf(fd)))
  }

  /**
   * Starts a child with what belongs at its numbers: the sockets at their places, the channel behind them, and what is
   * kept.
   *
   * @param lent - the sockets, those of the kept ones in place of which the child has a pipe to this process, and a
   *   number above all others at which the child finds `/dev/null`, which it closes
   */
  lend<T>({ sockets, relayed = [], spare }: Lent, start: (stdio: Stdio) => T): T {
    const places = this.placesFor(sockets.length + 1)
    const kept = this.keptBeside(sockets)
    const nothing = kept.every((fd) => this.#isOpen(fd)) ? undefined : openSync(NOTHING, 'r+')
    const filler = spare === undefined ? undefined : openFiller()
    const entryAt = (fd: number): Stdio[number] => {
      if (fd < FIRST_DESCRIPTOR) return 'inherit'
      const place = places.indexOf(fd)
      if (place !== -1) return sockets[place] ?? 'ipc'
      if (fd === spare) return filler ?? 'ignore'
      if (!kept.includes(fd)) return 'ignore'
      if (!this.#isOpen(fd)) return nothing ?? 'ignore'
      return relayed.includes(fd) ? 'pipe' : fd
    }
    try {
      return start(Array.from({ length: Math.max(...places, ...kept, spare ?? 0) + 1 }, (_, fd) => entryAt(fd)))
    } finally {
      for (const fd of [nothing, filler]) if (fd !== undefined) closeSync(fd)
    }
  }

  /** Closes what only made the table of this process large: see `lib/launcher/descriptor-table.ts`. */
  static closeSpare(fd: number | undefined): void {
    if (fd !== undefined && os.stat(fd)?.rdev === DEVICE_OF_NOTHING) closeSync(fd)
  }

  /** Whether it still is what it was: the app may have closed it, and the number may be that of a connection by now. */
  #isOpen(fd: number): boolean {
    const identity = this.#identities.get(fd)
    return identity !== undefined && identity === identityOf(fd)
  }
}

/**
 * Those that were there before Node: below the first one that Node opened; or among the first numbers, all of which
 * Node has filled at its start before an app could open anything; or without FD_CLOEXEC, which Node gives to all that
 * it opens, and at its start to those among the first numbers too:
 * https://github.com/libuv/libuv/blob/v1.x/src/unix/core.c, `uv_disable_stdio_inheritance`
 */
export function inheritedAmong(open: readonly OpenDescriptor[]): number[] {
  const others = open.filter(({ fd }) => fd >= FIRST_DESCRIPTOR && fd <= LAST_KEPT)
  const first = others.find(({ link }) => link === 'anon_inode:[eventpoll]')?.fd ?? 0
  const hasBothEnds = ({ link, isWriteOnly }: OpenDescriptor) =>
    link.startsWith('pipe:') && others.some((other) => other.link === link && other.isWriteOnly !== isWriteOnly)
  const isOfNode = (one: OpenDescriptor) =>
    one.link.startsWith('anon_inode:') || one.link === NOTHING || hasBothEnds(one)
  return others
    .filter((one) => one.fd < first || !one.closesOnExec || (one.fd <= LAST_CLAIMED_BY_NODE && !isOfNode(one)))
    .map(({ fd }) => fd)
}

/** Without it, the child has a small table, and no other harm. */
function openFiller(): number | undefined {
  try {
    return openSync(NOTHING, 'r')
  } catch {
    return undefined // the permission model, or a system without it
  }
}

function identityOf(fd: number): string | undefined {
  const found = os.stat(fd)
  return found && `${found.dev}:${found.ino}`
}
