import type { ListeningHandle } from '../internals/listening-handle.js'
import type { Ending } from '../process/channel-process.js'
import type { ToChild, ToParent } from '../protocol/messages.js'
import type { HandoffListener } from './handoff-flag.js'
import type { StartCommand } from './start-command.js'

/** A message of the child, and the handle that came with it. */
export type Hear = (message: ToParent, handle: ListeningHandle | undefined) => void

/** The child of a reload, seen from its parent, whether the parent or a launcher has started it. */
export interface Child {
  readonly pid: number
  readonly hasEnded: boolean
  /** No message can reach it or come from it any more, though it may live. It counts as ended. */
  readonly isOutOfReach: boolean
  /** Resolves when the child has ended *and* this process has read all its messages. */
  readonly ended: Promise<Ending>
  /**
   * Says something to the child. Resolves once it is on its way; the handle, if any, is then the child's as well.
   *
   * @throws {Error} when the message is certainly not sent
   */
  send(message: ToChild, handle?: object): Promise<void>
  /** Ends the child at once. */
  kill(): void
  /** Keeps this process alive no longer. */
  unref(): void
}

/** What a child inherits: a listener with the descriptor that it has here. */
export type Inherited = Omit<HandoffListener, 'fd'>

/**
 * Starts a child that inherits the listeners, in this order.
 *
 * @throws {SpawnFailedError} when the system cannot start it
 */
export type StartChild = (
  command: StartCommand,
  generation: number,
  inherited: ReadonlyArray<readonly [Inherited, fd: number]>,
  hear: Hear
) => Promise<Child>
