import { setTimeout as pause } from 'node:timers/promises'
import { clientPorts, isStopped } from '../support/fds.js'
import type { TestServer } from '../support/server.js'
import type { Traces } from '../support/traces.js'
import { Ask } from './ask.js'
import { describeFault, type Fault, type Kind, PATIENCE, type Role } from './schedule.js'
import { findVictims, launcherOf } from './victims.js'

/** Who there is only in a reload. */
const IN_A_RELOAD: readonly Role[] = ['booting child', 'child', 'parent']

/** How long to wait for a child to boot. Milliseconds. */
const BOOT_LIMIT = 15_000

/** How often to look for the process that a fault should hit. Milliseconds. */
const LOOK = 10

/** A fault that has happened. */
export interface Deed {
  readonly kind: Kind
  readonly pid: number
  /** On the clock of `performance.now()`. */
  readonly at: number
  /** For a kill: the ports of the clients that were connected to the process. */
  readonly ports: ReadonlySet<number>
}

/** Lets things go wrong, and remembers what has. */
export class Injector {
  readonly deeds: Deed[] = []
  readonly asks: Ask[] = []
  /** For people: which fault hit which process, and when. */
  readonly log: string[] = []
  readonly #server: TestServer
  readonly #traces: Traces
  readonly #port: number
  readonly #begun = performance.now()
  #configured: Promise<void> = Promise.resolve()
  /** What ends each of the faults that last. */
  readonly #lasting = new Set<() => Promise<void>>()

  constructor(server: TestServer, traces: Traces, port: number) {
    this.#server = server
    this.#traces = traces
    this.#port = port
  }

  /** Ends early when no process is left. */
  async run(faults: readonly Fault[]): Promise<void> {
    for (const fault of faults) {
      if (fault.after !== undefined) await this.#next(fault.after)
      await pause(fault.delay)
      if (this.#server.alive().length === 0) return
      await this.#commit(fault)
    }
  }

  /** Ends all that lasts. */
  async release(): Promise<void> {
    await Promise.all([...this.#lasting].map((end) => end()))
  }

  /** Of a kind. */
  of(...kinds: Kind[]): Deed[] {
    return this.deeds.filter(({ kind }) => kinds.includes(kind))
  }

  /** Waits for a line, with a long limit. */
  async #next(name: string): Promise<void> {
    const { lines } = this.#server.output
    const heard = lines.length
    const test = (line: (typeof lines)[number]) =>
      (line.graceful === name || line.fixture === name) && lines.indexOf(line, heard) >= 0
    await this.#server.event({ what: name, test }, PATIENCE).catch(() => {})
  }

  async #commit(fault: Fault): Promise<void> {
    const victims = await this.#victimsOf(fault)
    const pid = victims[fault.pick % Math.max(1, victims.length)]
    this.#note(`${describeFault(fault)} -> ${pid ?? 'nobody'}`)
    if (pid === undefined) return
    const ports = fault.kind === 'kill' ? this.#portsOf(pid) : []
    this.deeds.push({ kind: fault.kind, pid, at: performance.now(), ports: new Set(ports) })
    await this.#do(fault, pid)
  }

  /** Begins a reload if none is in progress and the fault must hit a process in a reload. */
  async #victimsOf({ kind, role }: Fault): Promise<number[]> {
    const find = () => findVictims(this.#server, this.#traces, role)
    if (find().length > 0 || !IN_A_RELOAD.includes(role)) return find()
    const deadline = performance.now() + BOOT_LIMIT
    const asked = launcherOf(this.#server) ?? findVictims(this.#server, this.#traces, 'serving')[0]
    if (asked !== undefined) {
      this.#note(`reload ${asked}, for "${kind} ${role}"`)
      signal(asked, 'SIGHUP')
    }
    while (find().length === 0 && performance.now() < deadline) await pause(LOOK)
    return find()
  }

  /** One after the other, because the release is written again each time. */
  #configure(boot: 'throw' | 'none'): Promise<void> {
    this.#configured = this.#configured.then(() => this.#server.release.configure({ boot }))
    return this.#configured
  }

  #note(text: string): void {
    const when = Math.round(performance.now() - this.#begun)
    this.log.push(`${String(when).padStart(6)} ms  ${text}`)
  }

  async #do({ kind, duration }: Fault, pid: number): Promise<void> {
    if (kind === 'reload') signal(pid, 'SIGHUP')
    else if (kind === 'stop') signal(pid, 'SIGTERM')
    else if (kind === 'kill') signal(pid, 'SIGKILL')
    else if (kind === 'ask') this.asks.push(new Ask(this.#port))
    else if (kind === 'roll back') this.#tell(pid, { command: 'rollback', reason: 'torture' })
    else if (kind === 'throw') this.#tell(pid, { command: 'throw', message: 'torture' })
    else if (kind === 'freeze') {
      this.#freeze(pid, duration)
    } else if (kind === 'block') {
      const until = `go-${this.deeds.length}`
      this.#tell(pid, { command: 'block', until })
      this.#last(duration, () => this.#server.release.write(until, ''))
    } else {
      await this.#configure('throw')
      this.#last(duration, () => this.#configure('none'))
    }
  }

  /**
   * Must not stay stopped, even if this process is told to end: a stopped process does not notice that its test
   * has ended.
   */
  #freeze(pid: number, duration: number): void {
    const thaw = () => signal(pid, 'SIGCONT')
    process.once('exit', thaw)
    signal(pid, 'SIGSTOP')
    this.#last(duration, async () => {
      process.off('exit', thaw)
      thaw()
    })
  }

  /** One that boots takes no commands yet, and one that dies none any more. */
  #tell(pid: number, command: Parameters<TestServer['tell']>[0]): void {
    if (this.#server.pids.includes(pid)) this.#server.tell(command, pid).catch(() => {})
  }

  #last(duration: number, undo: () => Promise<void>): void {
    const end = async () => {
      if (!this.#lasting.delete(end)) return
      clearTimeout(timer)
      await undo()
    }
    const timer = setTimeout(end, duration)
    this.#lasting.add(end)
  }

  /** It is stopped first, so that it has these when it dies. */
  #portsOf(pid: number): number[] {
    signal(pid, 'SIGSTOP')
    for (let look = 0; look < 100 && !isStopped(pid); look++)
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 1)
    return clientPorts(pid, this.#port)
  }
}

function signal(pid: number, name: NodeJS.Signals): void {
  try {
    process.kill(pid, name)
  } catch {
    // ESRCH: it has left since we looked.
  }
}
