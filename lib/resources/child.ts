import { type ChildProcess, type SendHandle, spawn } from 'node:child_process'
import { once } from 'node:events'
import { SpawnFailedError } from '../base/errors.js'
import type { ListeningHandle } from '../base/node-internals.js'
import { os } from '../base/os.js'
import { HANDOFF_VARIABLE } from '../pure/handoff.js'
import { seal, type ToChild, type ToParent, unseal } from '../pure/messages.js'
import type { StartCommand } from '../pure/start-command.js'

/** How a child ended. */
export interface Ending {
  exitCode: number | null
  signal: NodeJS.Signals | null
}

/** An ending, as part of a sentence about the child. */
export function describe({ exitCode, signal }: Ending): string {
  return signal === null ? `exited with code ${exitCode}` : `was killed by ${signal}`
}

/** What the child says, and the handle that came with it. */
export type Listen = (message: ToParent, handle: ListeningHandle | undefined) => void

/** How long to wait for the channel's end once the process has ended: a grandchild may hold it. Milliseconds. */
const CHANNEL_END = 1000

/** What a spawn takes for a moment: both ends of the channel, and of the pipe by which libuv hears of a failed exec. */
const SPAWN_DESCRIPTORS = 4

/** The child process of a reload, seen from its parent. */
export class Child {
  readonly #process: ChildProcess
  /**
   * Resolves when the child has ended *and* all that it said has been heard. With a busy parent, Node delivers `exit`
   * before messages that were sent earlier; the end of the channel comes after them.
   */
  readonly ended: Promise<Ending>
  #hasEnded = false
  readonly #unsent = new Set<(error: Error) => void>()

  private constructor(process: ChildProcess, listen: Listen) {
    this.#process = process
    process.on('message', (raw, handle) => {
      const message = unseal<ToParent>(raw)
      if (message !== undefined) listen(message, handle as unknown as ListeningHandle | undefined)
    })
    // Without a listener, a failed send or kill would end this process; the end of the child tells the same story.
    process.on('error', () => {})
    this.ended = this.#end()
  }

  /**
   * Starts a child that inherits the given file descriptors as its 3, 4, ….
   *
   * @throws {SpawnFailedError} when the system cannot start it
   */
  static async start(command: StartCommand, flag: string, fds: number[], listen: Listen): Promise<Child> {
    const { file, args, cwd, env } = command
    try {
      // A spawn that runs out of them half-way leaks its end of the channel (Node returns before it would close it), and
      // the child's duplicate of each listener needs one too.
      os.probeDescriptors(SPAWN_DESCRIPTORS + fds.length)
      const started = spawn(file, args, {
        cwd,
        env: { ...env, [HANDOFF_VARIABLE]: flag },
        stdio: ['inherit', 'inherit', 'inherit', ...fds, 'ipc'],
        serialization: 'advanced'
      })
      if (started.pid === undefined) throw (await once(started, 'error'))[0]
      return new Child(started, listen)
    } catch (cause) {
      throw Object.assign(new SpawnFailedError(`${file} in ${cwd}`, (cause as Error).message), { cause })
    }
  }

  get pid(): number {
    return this.#process.pid ?? 0
  }

  get hasEnded(): boolean {
    return this.#hasEnded
  }

  /**
   * Says something to the child. Resolves once it is on its way; the handle, if any, is then the child's as well.
   *
   * @throws {Error} when the channel is closed, or the child ends before it has acknowledged the handle of an earlier message
   */
  send(message: ToChild, handle?: object): Promise<void> {
    return new Promise((resolve, reject) => {
      // What waits behind a handle in Node's own queue is dropped with it, and its callback is never called.
      this.#unsent.add(reject)
      this.#process.send(seal(message), handle as SendHandle | undefined, {}, (error) => {
        this.#unsent.delete(reject)
        if (error) reject(error)
        else resolve()
      })
    })
  }

  /** Ends the child at once. */
  kill(): void {
    this.#process.kill('SIGKILL')
  }

  /**
   * The `close` event is that of the process and its channel. `disconnect` would not do: while a handle is on its way,
   * Node puts it off until the child has acknowledged that, and one that was killed never will.
   * https://github.com/nodejs/node/blob/v24.0.0/lib/internal/child_process.js (`target.disconnect`)
   */
  #end(): Promise<Ending> {
    return new Promise((resolve) => {
      this.#process.once('exit', (exitCode, signal) => {
        this.#hasEnded = true
        const end = () => {
          clearTimeout(timer)
          for (const fail of this.#unsent) fail(new Error('the child has ended'))
          resolve({ exitCode, signal })
        }
        const timer = setTimeout(end, CHANNEL_END)
        this.#process.once('close', end)
      })
    })
  }
}
