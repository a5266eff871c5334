import { ChannelProcess, type Ending } from '../process/subprocess.js'
import { seal, type ToChild, type ToParent, unseal } from '../protocol/messages.js'
import type { Child, Hear } from './child.js'
import { HANDOFF_VARIABLE } from './handoff.js'
import type { StartCommand } from './start-command.js'

/** The child process of a reload, started by its parent. */
export class SpawnedChild implements Child {
  readonly #process: ChannelProcess

  private constructor(process: ChannelProcess) {
    this.#process = process
  }

  /**
   * Starts a child that inherits the given file descriptors as its 3, 4, ….
   *
   * @throws {SpawnFailedError} when the system cannot start it
   */
  static async start(command: StartCommand, flag: string, fds: number[], hear: Hear): Promise<SpawnedChild> {
    const flagged = { ...command, env: { ...command.env, [HANDOFF_VARIABLE]: flag } }
    const process = await ChannelProcess.start(flagged, fds, (raw, handle) => {
      const message = unseal<ToParent>(raw)
      if (message !== undefined) hear(message, handle as Parameters<Hear>[1])
    })
    return new SpawnedChild(process)
  }

  get pid(): number {
    return this.#process.pid
  }

  get hasEnded(): boolean {
    return this.#process.hasEnded
  }

  /** Nobody stands between this process and its own child. */
  get isOutOfReach(): boolean {
    return false
  }

  get ended(): Promise<Ending> {
    return this.#process.ended
  }

  send(message: ToChild, handle?: object): Promise<void> {
    return this.#process.send(seal(message), handle)
  }

  kill(): void {
    this.#process.kill('SIGKILL')
  }

  unref(): void {
    this.#process.unref()
  }
}
