import { type ChildProcess, spawn } from 'node:child_process'
import type { Socket } from 'node:net'

/** How often to look whether the parent's end has made this process an orphan. Milliseconds. */
const LOOK_INTERVAL = 10

/**
 * On its order: makes itself the main process, and then the process that it was given. At a stop, all processes of a
 * service get the signal, which must not end this one half-way. A reload signal goes to the main process, which passes
 * it on. If the given process has died meanwhile, systemd sees the end of this main process, and that must be a
 * failure.
 */
const SCRIPT = [
  'trap "" HUP TERM INT',
  'read -r _ || exit 0',
  'trap "kill -HUP $0" HUP',
  'systemd-notify "MAINPID=$$" || exit 1',
  'systemd-notify "MAINPID=$0" || { sleep 1; systemd-notify "MAINPID=$0"; }',
  'kill -0 "$0" || kill -KILL $$'
].join('\n')

/**
 * Lets systemd take this process for its own child, once it is.
 *
 * A stop waits for the end of a main process only if that was systemd's own child when systemd learned its pid, and
 * kills it at once otherwise, unless there are other processes in the service. The child of a reload is its parent's,
 * until that ends; and a MAINPID that is so already is not looked at again. So for a moment another process has to be
 * the main one. It exists, as the other process of the service, for as long as it may be needed.
 * (`service_set_main_pid`, `unit_kill_context`: https://github.com/systemd/systemd/blob/v252/src/core/service.c)
 */
export class MainProcess {
  readonly #parent = process.ppid
  readonly #helper: ChildProcess
  #timer: NodeJS.Timeout | undefined

  constructor(socket: string) {
    const env = { ...process.env, NOTIFY_SOCKET: socket }
    this.#helper = spawn('/bin/sh', ['-c', SCRIPT, String(process.pid)], { env, stdio: ['pipe', 'ignore', 'ignore'] })
    // Without it the service goes on, and only a stop is hard.
    this.#helper.on('error', () => {})
    this.#helper.stdin?.on('error', () => {})
    this.#helper.unref()
    ;(this.#helper.stdin as Socket | null)?.unref()
  }

  /** The parent is gone, or is just going: its channel ends before its children have another parent. */
  confirm(): void {
    if (process.ppid !== this.#parent) this.#helper.stdin?.end('\n')
    else this.#timer = setTimeout(() => this.confirm(), LOOK_INTERVAL).unref()
  }

  /** Another process is the main one. */
  release(): void {
    clearTimeout(this.#timer)
    this.#helper.stdin?.end()
  }
}
