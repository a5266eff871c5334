import { ActivationError, BadHandoffError } from '../errors.js'
import { type ListeningHandle, openDormant } from '../internals/listening-handle.js'
import { hideCompileCache } from '../reload/compile-cache.js'
import {
  type ClaimedListener,
  decodeHandoff,
  HANDOFF_VARIABLE,
  type HandoffFlag,
  type InheritedListener
} from '../reload/handoff-flag.js'
import { os } from '../util/os.js'
import { type ActivatedSocket, fitness, isInTheWay } from './activation-match.js'
import { type BoundAddress, formatAddress, sameAddress } from './listener-key.js'
import { listeningAddress } from './socket-table.js'
import { UnixPath } from './unix-path.js'

/** What the parent of this process left to it: listening sockets, by the keys that were requested. */
export class InheritedListeners {
  readonly generation: number
  /** Whether this process is only to show whether it could take over. */
  readonly isCheck: boolean
  /** Whether a launcher keeps the listeners: their paths are its to remove. */
  readonly #isLaunched: boolean
  /** The process that started this one. */
  readonly parent: number
  /** By this the messages of that process are recognized. */
  readonly secret: string
  readonly #handles = new Map<number, ListeningHandle>()
  #unclaimed: InheritedListener[]
  readonly #left: InheritedListener[] = []

  private constructor(handoff: Omit<HandoffFlag, 'version'>) {
    this.generation = handoff.generation
    this.isCheck = handoff.check === true
    this.#isLaunched = handoff.launched === true
    this.parent = handoff.parent
    this.secret = handoff.secret
    this.#unclaimed = handoff.listeners.map((listener, index) => ({ ...listener, index }))
  }

  /**
   * Reads the flag. Returns `'none'` without a flag, or with one that leaves nothing, as the first server of a launcher
   * has it; and `'stranger'` for one that was meant for another process.
   *
   * @throws {BadHandoffError} when the flag is malformed, or a descriptor is not the listening socket it is said to be
   */
  static of(flag: string | undefined): InheritedListeners | 'none' | 'stranger' {
    if (flag === undefined) return 'none'
    const handoff = decodeHandoff(flag)
    const inheritance = new InheritedListeners(handoff)
    // The parent's pid ties the flag to the process that was meant, and the channel comes with every handoff: a process
    // further down has neither. In a forked child, fd 3 would be its IPC channel.
    if (process.send === undefined) return 'stranger'
    if (handoff.parent !== process.ppid) {
      if (!inheritance.#isOrphaned(handoff.parent)) return 'stranger'
    } else for (const listener of inheritance.unclaimed) inheritance.#verify(listener)
    return handoff.listeners.length === 0 ? 'none' : inheritance
  }

  /**
   * What the service manager left to the first generation. `listen({ fd })` finds a socket by the descriptor that it
   * has there.
   */
  static activated(sockets: ActivatedSocket[]): InheritedListeners {
    const listeners = sockets.map(({ fd, address }) => ({ fd, address, key: `fd ${fd}`, activated: true }))
    return new InheritedListeners({ parent: process.ppid, generation: 1, secret: '', listeners })
  }

  /**
   * The first unclaimed listener with this key, or one of the service manager's that is what the key asks for; from now
   * on it is the caller's.
   *
   * @throws {ActivationError} when one of the service manager's is in the way
   */
  claim(key: string): ClaimedListener | undefined {
    const listener = this.#unclaimed.find((each) => each.key === key) ?? this.#activatedFor(key)
    if (listener === undefined) return undefined
    this.#unclaimed.splice(this.#unclaimed.indexOf(listener), 1)
    return { ...listener, key, handle: this.handleOf(listener) }
  }

  /** Somebody wants the listener with this key, and has nothing to do with it. */
  leave(key: string): void {
    const listener = this.#unclaimed.find((each) => each.key === key)
    if (listener !== undefined) this.#left.push(...this.#unclaimed.splice(this.#unclaimed.indexOf(listener), 1))
  }

  #activatedFor(key: string): InheritedListener | undefined {
    const activated = this.#unclaimed.filter((listener) => listener.activated)
    const best = Math.max(0, ...activated.map(({ address }) => fitness(key, address)))
    if (best > 0) return activated.find(({ address }) => fitness(key, address) === best)
    const obstacle = activated.find(({ address }) => isInTheWay(key, address))
    if (obstacle !== undefined) throw new ActivationError(key, formatAddress(obstacle.address))
    return undefined
  }

  /** The listeners that are not claimed yet. */
  get unclaimed(): readonly InheritedListener[] {
    return this.#unclaimed
  }

  /** The listeners that no server of this process has. */
  get unused(): readonly InheritedListener[] {
    return [...this.#unclaimed, ...this.#left]
  }

  /** The dormant handle of a listener, opened once: it owns the file descriptor from then on. */
  handleOf({ fd }: InheritedListener): ListeningHandle {
    const handle = this.#handles.get(fd) ?? openDormant(fd)
    this.#handles.set(fd, handle)
    return handle
  }

  /** Ends the claims: closes the unclaimed listeners, with their paths, and returns them. */
  relinquish(): InheritedListener[] {
    const unwanted = this.#unclaimed.splice(0)
    for (const listener of unwanted) {
      this.handleOf(listener).close()
      if (
        !this.#isLaunched &&
        !listener.activated &&
        'path' in listener.address &&
        UnixPath.isFile(listener.address.path)
      )
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
      const found = listeningAddress(fd)
      return typeof found === 'object' && isSame(found, address)
    })
  }

  #verify(listener: InheritedListener): void {
    const { fd, address } = listener
    if (os.stat(fd)?.isSocket() !== true) throw new BadHandoffError(`file descriptor ${fd} is no open socket`)
    const found = listeningAddress(fd)
    if (found === 'not listening') throw new BadHandoffError(`file descriptor ${fd} is no listening socket`)
    if (found === 'unknown') this.#verifyKind(listener)
    else if (!isSame(found, address)) {
      throw new BadHandoffError(
        `file descriptor ${fd} listens on ${formatAddress(found)}, not on ${formatAddress(address)}`
      )
    }
  }

  /**
   * The system does not tell more: there is no /proc, or the socket is of another network namespace, or of another
   * kind.
   */
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

/** The path of a unix socket may have been renamed: the kernel knows the one that it was bound to. */
function isSame(found: BoundAddress, expected: BoundAddress): boolean {
  return ('path' in found && 'path' in expected) || sameAddress(found, expected)
}
