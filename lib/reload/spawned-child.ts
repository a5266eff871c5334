import { ChannelProcess, discard, type Ending, type Inheritance } from '../process/channel-process.js'
import type { Envelope } from '../process/envelope.js'
import type { ToChild } from '../protocol/messages.js'
import type { Child, Hear } from './child.js'
import { HANDOFF_VARIABLE } from './handoff-flag.js'
import type { StartCommand } from './start-command.js'

/** The child process of a reload, started by its parent. */
export class SpawnedChild implements Child {
  readonly #process: ChannelProcess

  readonly #envelope: Envelope

  private constructor(process: ChannelProcess, envelope: Envelope) {
    this.#process = process
    this.#envelope = envelope
  }

  /**
   * Starts a child.
   *
   * @throws {SpawnFailedError} when the system cannot start it
   */
  static async start(
    command: StartCommand,
    flag: string,
    envelope: Envelope,
    inheritance: Inheritance,
    hear: Hear
  ): Promise<SpawnedChild> {
    const flagged = { ...command, env: { ...command.env, [HANDOFF_VARIABLE]: flag } }
    const process = await ChannelProcess.start(flagged, inheritance, (raw, handle) => {
      const message = envelope.open('parent', raw)
      if (message === undefined) discard(handle)
      else hear(message, handle as Parameters<Hear>[1])
    })
    return new SpawnedChild(process, envelope)
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

  async send(message: ToChild, handle?: object): Promise<void> {
    await this.#process.send(this.#envelope.seal('child', message), handle)
  }

  kill(): void {
    this.#process.kill('SIGKILL')
  }

  unref(): void {
    this.#process.unref()
  }
}
