import { type ChildProcess, type SendHandle, spawn } from 'node:child_process'
import { once } from 'node:events'
import type { Readable } from 'node:stream'
import { SpawnFailedError } from '../errors.js'
import { contain } from '../internals/ipc-channel.js'
import { Deadline } from '../util/deadline.js'
import { guarded } from '../util/guarded.js'
import { os } from '../util/os.js'
import { toError } from '../util/to-error.js'
import type { AppDescriptors } from './descriptors.js'

/** How a process ended. */
export interface Ending {
  exitCode: number | null
  signal: NodeJS.Signals | null
}

/** What to start, where, and in which environment. */
export interface SpawnCommand {
  file: string
  args: string[]
  cwd: string
  env: NodeJS.ProcessEnv
}

/** What a process inherits besides stdin, stdout and stderr. */
export interface Inheritance {
  /** File descriptors that cross; where the process finds them, `descriptors` says. */
  sockets: number[]
  descriptors: AppDescriptors
  relay?: Relay | undefined
  /** The number of a descriptor that the process is to close: see `lib/launcher/descriptor-table.ts`. */
  spare?: number | undefined
}

/** Takes over what a process writes to some of the descriptors of the app. */
export interface Relay {
  readonly numbers: readonly number[]
  follow(fd: number, source: Readable): void
}

/** A message of the process, and the handle that came with it. */
export type HearRaw = (raw: unknown, handle: unknown) => void

/** How long to wait for the channel's end once the process has ended: a grandchild may hold it. Milliseconds. */
const CHANNEL_END = 1000

/**
 * What a spawn takes for a moment: both ends of the channel, and of the pipe by which libuv learns of a failed exec,
 * and /dev/null.
 */
const SPAWN_DESCRIPTORS = 5

/** A process that was started from here and inherits file descriptors, with an IPC channel to it. */
export class ChannelProcess {
  readonly #process: ChildProcess
  /**
   * Resolves when the process has ended *and* this one has read all its messages. Under load, Node delivers `exit`
   * before messages that were sent earlier; the end of the channel comes after them.
   */
  readonly ended: Promise<Ending>
  #hasEnded = false
  #hasWarned = false
  readonly #unsent = new Set<(error: Error) => void>()

  private constructor(child: ChildProcess, hear: HearRaw) {
    this.#process = child
    contain(child, (error) => this.#warnOf(error))
    child.on('message', (raw, handle) => guarded(() => hear(raw, handle)))
    // Without a listener, a failed send or kill would end this process; the end of the other one tells the same story.
    child.on('error', () => {})
    this.ended = this.#end()
  }

  /**
   * Starts a process.
   *
   * @throws {SpawnFailedError} when the system cannot start it
   */
  static async start(command: SpawnCommand, inheritance: Inheritance, hear: HearRaw): Promise<ChannelProcess> {
    const { file, args, cwd, env } = command
    const { sockets, descriptors, relay, spare } = inheritance
    const relayed = relay?.numbers ?? []
    try {
      // A spawn that runs out of them half-way leaks its end of the channel (Node returns before it would close it),
      // and a duplicate of each listener that comes back needs one too.
      os.probeDescriptors(SPAWN_DESCRIPTORS + sockets.length + 2 * relayed.length)
      // With 'advanced', a value that the deserializer rejects ends this process: see `envelope.ts`.
      const serialization = 'json'
      const started = descriptors.lend({ sockets, relayed, spare }, (stdio) =>
        spawn(file, args, { cwd, env, stdio, serialization })
      )
      if (started.pid === undefined) throw (await once(started, 'error'))[0]
      for (const fd of relayed) relay?.follow(fd, started.stdio[fd as 3] as Readable)
      return new ChannelProcess(started, hear)
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
   * Says something to the process. Resolves once it is on its way; the handle, if any, is then the other process's as
   * well.
   *
   * @throws {Error} when the channel is closed, or the process ends before it has acknowledged the handle of an earlier
   *   message
   */
  send(sealed: object, handle?: object): Promise<void> {
    return new Promise((resolve, reject) => {
      // What waits behind a handle in Node's own queue is dropped with it, and its callback is never called.
      this.#unsent.add(reject)
      this.#process.send(sealed, handle as SendHandle | undefined, {}, (error) => {
        this.#unsent.delete(reject)
        if (error) reject(error)
        else resolve()
      })
    })
  }

  kill(signal: NodeJS.Signals): void {
    this.#process.kill(signal)
  }

  /** Neither the process nor its channel keeps this one alive any longer. */
  unref(): void {
    this.#process.unref()
    this.#process.channel?.unref()
  }

  #warnOf(error: unknown): void {
    if (this.#hasWarned) return
    this.#hasWarned = true
    process.emitWarning(
      `process ${this.pid} has written to its channel to this one what is no message, and that is ignored ` +
        `(${toError(error).message}); does it report to a descriptor by number, such as 3, that it is ready?`
    )
  }

  /**
   * The `close` event is that of the process and its channel. `disconnect` would not do: while a handle is on its way,
   * Node puts it off until the other side has acknowledged that, and one that was killed never will.
   * https://github.com/nodejs/node/blob/v24.0.0/lib/internal/child_process.js (`target.disconnect`)
   */
  #end(): Promise<Ending> {
    return new Promise((resolve) => {
      this.#process.once('exit', (exitCode, signal) => {
        this.#hasEnded = true
        const deadline = new Deadline()
        const end = () => {
          deadline.clear()
          for (const fail of this.#unsent) fail(new Error('the process has ended'))
          resolve({ exitCode, signal })
        }
        deadline.set(CHANNEL_END, end)
        this.#process.once('close', end)
      })
    })
  }
}

/** Where to look when a process had no chance to say why it ended. */
const CRASH = 'a crash outside of JavaScript: its stderr or a core dump may say more'
const HINTS: Partial<Record<NodeJS.Signals, string>> = {
  // https://github.com/nodejs/node/blob/v24.0.0/src/node_errors.cc, OOMErrorHandler
  SIGABRT: 'it aborted, as Node does when its heap is full: its stderr says more',
  SIGKILL: 'sent by a person or a program, or by the system for lack of memory: the log of the kernel says more',
  SIGSEGV: CRASH,
  SIGBUS: CRASH,
  SIGILL: CRASH,
  SIGFPE: CRASH,
  SIGTRAP: CRASH
}

/** An ending, as part of a sentence about the process. */
export function describeEnding({ exitCode, signal }: Ending): string {
  if (signal === null) return `exited with code ${exitCode}`
  const hint = HINTS[signal]
  return `was killed by ${signal}${hint === undefined ? '' : ` (${hint})`}`
}

/**
 * Closes an unexpected handle: an app may send any handle with its own messages. Otherwise its socket would be read,
 * and nothing would handle its errors.
 */
export function discard(handle: unknown): void {
  const { on, destroy, close } = Object(handle) as Record<string, unknown>
  if (typeof on === 'function') Reflect.apply(on, handle, ['error', () => {}])
  if (typeof destroy === 'function') Reflect.apply(destroy, handle, [])
  else if (typeof close === 'function') Reflect.apply(close, handle, [])
}
