import { type ChildProcess, execFile } from 'node:child_process'
import { isMainThread } from 'node:worker_threads'
import { describeError } from '../errors.js'
import { LONGEST_TIMER } from '../util/deadline.js'
import { os } from '../util/os.js'
import { printable } from '../util/printable.js'
import { toError } from '../util/to-error.js'
import { within } from '../util/within.js'

/** How this process reaches its service manager. */
export interface Contact {
  /** `$NOTIFY_SOCKET` */
  socket: string
  /** How often the watchdog expects a notice, in milliseconds; undefined if there is no watchdog. */
  watchdog: number | undefined
  /** Whether the watchdog means this process; one that comes after it in a reload has another pid. */
  isMeant: boolean
}

/** What the protocol knows: https://www.freedesktop.org/software/systemd/man/latest/sd_notify.html */
export type Notice = Partial<
  Record<
    'READY' | 'RELOADING' | 'STOPPING' | 'MONOTONIC_USEC' | 'STATUS' | 'MAINPID' | 'WATCHDOG' | 'EXTEND_TIMEOUT_USEC',
    string | number
  >
>

/**
 * The program that sends a notice: Node has no datagram sockets of the Unix domain. It is there wherever systemd is.
 */
const PROGRAM = 'systemd-notify'

/** How long one notice may take. By itself the program waits 5 s for the service manager to read it. Milliseconds. */
const LIMIT = 6000

/**
 * What the environment says about a service manager that wants notices. Cluster workers and worker threads leave them
 * to their primary.
 */
export function findServiceManager(env: NodeJS.ProcessEnv, pid: number): Contact | undefined {
  const { NOTIFY_SOCKET: socket, WATCHDOG_USEC = '', WATCHDOG_PID = '' } = env
  if (!socket || os.isClusterWorker() || !isMainThread) return undefined
  const period = /^\d+$/.test(WATCHDOG_USEC) ? Number(WATCHDOG_USEC) / 1000 : 0
  return {
    socket,
    watchdog: period > 0 ? period : undefined,
    isMeant: WATCHDOG_PID === '' || WATCHDOG_PID === String(pid)
  }
}

/** The service manager of this process: systemd, or what speaks its protocol. */
export class ServiceManager {
  readonly contact: Contact
  /** The first notice that could not be sent. The server goes on. */
  onFailure: ((error: Error) => void) | undefined
  #last: Promise<void> = Promise.resolve()
  #waiting = 0
  #hasFailed = false
  #isHung = false
  #sender: ChildProcess | undefined
  #timer: NodeJS.Timeout | undefined

  constructor(contact: Contact) {
    this.contact = contact
  }

  /** Sends a notice after those before it. */
  tell(notice: Notice): void {
    this.#waiting += 1
    this.#last = this.#last.then(async () => {
      await this.#send(notice)
      this.#waiting -= 1
    })
  }

  /**
   * Resolves when all notices are out, or when it is of no use to wait for them: then it gives up the one in progress.
   * Never rejects.
   */
  async flushed(): Promise<void> {
    const giveUp = () => this.#sender?.kill('SIGKILL')
    if (this.#isHung) giveUp()
    else await within(this.#last, LIMIT, 'the notices').catch(giveUp)
  }

  /**
   * Feeds the watchdog, if there is one, from now on: twice as often as it expects a notice.
   *
   * @param isWell - what else than this process must be well
   */
  feedWatchdog(isWell: () => Promise<boolean> = async () => true): void {
    const { watchdog } = this.contact
    if (watchdog === undefined || this.#timer !== undefined) return
    const feed = async () => {
      // One notice says as much as two, and a hanging program must not pile them up.
      if ((await isWell()) && this.#waiting === 0) this.tell({ WATCHDOG: 1 })
    }
    this.tell({ WATCHDOG: 1 })
    this.#timer = setInterval(feed, Math.min(watchdog / 2, LONGEST_TIMER)).unref()
  }

  /** Leaves the watchdog to another process. */
  leaveWatchdog(): void {
    clearInterval(this.#timer)
    this.#timer = undefined
  }

  async #send(notice: Notice): Promise<void> {
    try {
      // At a stop, all processes of a service get the signal, also a program that is just sending.
      await this.#run(notice).catch((error) => (error.signal === 'SIGTERM' ? this.#run(notice) : Promise.reject(error)))
      this.#isHung = false
    } catch (error) {
      this.#isHung = (error as { killed?: boolean }).killed === true
      if (this.#hasFailed) return
      this.#hasFailed = true
      this.onFailure?.(toError(error))
    }
  }

  #run(notice: Notice): Promise<void> {
    const { env, assignments } = commandOf(notice, this.contact.socket)
    return new Promise((resolve, reject) => {
      this.#sender = execFile(
        PROGRAM,
        assignments,
        { env, timeout: LIMIT, killSignal: 'SIGKILL' },
        (error, _out, stderr) => {
          if (error === null) resolve()
          else reject(stderr === '' ? error : Object.assign(error, { message: `${PROGRAM}: ${stderr.trim()}` }))
        }
      )
    })
  }
}

/** A line break would begin another assignment. */
function commandOf(notice: Notice, socket: string): { env: NodeJS.ProcessEnv; assignments: string[] } {
  const assignments = Object.entries(notice).map(([name, value]) => `${name}=${String(value).replace(/\s+/g, ' ')}`)
  return { env: { ...process.env, NOTIFY_SOCKET: socket }, assignments }
}

/** How much of a failure a notice contains. Characters. */
const FAILURE_LENGTH = 400

/** How the last reload failed, for the status of the service: one line, as a second one would be another variable. */
export function describeFailure(error: Error): string {
  const { code = error.name } = error as { code?: string }
  const text = printable(describeError(error))
  const shown = text.length > FAILURE_LENGTH ? `${text.slice(0, FAILURE_LENGTH)}…` : text
  return `the last reload failed: ${code} (${shown})`
}
