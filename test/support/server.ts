import type { ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import type { Target } from './connection.js'
import type { Command, Control } from './control.js'
import { isAlive, listeningInodes, pidsWithMarker, stillListening, survivorsOf } from './fds.js'
import { ServerFailure, within } from './limit.js'
import { isNamed, type Line, type Match, Output } from './output.js'
import type { Release } from './release.js'

/** How a process ended. */
export interface Exit {
  code: number | null
  signal: NodeJS.Signals | null
}

/** How long a teardown waits for the processes to leave before it calls that a failure. Milliseconds. */
const TEARDOWN_LIMIT = 30_000

/** A fixture server with all its generations. */
export class TestServer {
  /** The files that the next generation will load. */
  readonly release: Release
  /** Everything that any generation prints. */
  readonly output: Output
  /** How the launcher ended; without one, the first generation. */
  readonly exit: Promise<Exit>
  /** Resolves when no generation is left. */
  readonly gone: Promise<void>
  /** The process that was started: the launcher, or else the first generation. */
  readonly #started: number
  /** Whether a launcher was started. */
  readonly isLaunched: boolean
  #control: Control
  #marker: string
  #inodes = new Set<number>()
  #echoes = 0

  constructor(child: ChildProcess, release: Release, control: Control, marker: string, isLaunched = false) {
    if (child.stdout === null || child.stderr === null || child.pid === undefined) throw new Error('cannot spawn Node')
    this.release = release
    this.#started = child.pid
    this.isLaunched = isLaunched
    this.#control = control
    this.#marker = marker
    this.output = new Output(child.stdout, child.stderr)
    this.exit = once(child, 'exit').then(([code, signal]) => ({ code, signal }))
    this.gone = Promise.all([this.exit, this.output.ended]).then(() => undefined)
    this.output.watch((line) => {
      if (line.fixture !== 'started') return
      for (const inode of listeningInodes(line.pid)) this.#inodes.add(inode)
    })
  }

  /** The first generation. */
  get pid(): number {
    return this.isLaunched ? (this.pids[0] ?? 0) : this.#started
  }

  /** The launcher, in a test that has one. */
  get launcher(): number {
    if (!this.isLaunched) throw new Error('this server was started without a launcher')
    return this.#started
  }

  /** The process that gets signals from outside: the launcher, or else the process that serves now. */
  get addressee(): number {
    return this.isLaunched ? this.launcher : this.current
  }

  /** Every process that said anything so far, in the order of appearance. */
  get pids(): number[] {
    return [...new Set(this.output.lines.map((line) => line.pid))]
  }

  /** The process that serves now: the last one to say so, be it that its child has given the service back. */
  get current(): number {
    const serves = (line: Line) => isNamed(line, 'serving') || isNamed(line, 'rolled-back')
    return this.events(serves).at(-1)?.pid ?? this.pid
  }

  /** The first line that matches, past or future, of any generation. */
  event(match: Match, limit?: number): Promise<Line> {
    return this.output.event(match, limit)
  }

  /** The first line that matches, past or future, of one process. */
  eventOf(pid: number, name: string, limit?: number): Promise<Line> {
    const test = (line: Line) => line.pid === pid && isNamed(line, name)
    return this.event({ what: `"${name}" of process ${pid}`, test }, limit)
  }

  /** The first line that is no JSON and matches, past or future: a launcher writes such ones. */
  said(pattern: RegExp, limit?: number): Promise<string> {
    return this.output.said(pattern, limit)
  }

  /** Every line so far that matches, of any generation. */
  events(match: Match): Line[] {
    return this.output.all(match)
  }

  /** Waits until a generation serves; returns its pid. */
  async serving(generation: number): Promise<number> {
    const test = (line: Line) => line.graceful === 'serving' && line.generation === generation
    return (await this.event({ what: `service of generation ${generation}`, test })).pid
  }

  /**
   * Waits until the parent of a child that serves accepts no more. Returns the pid of the child. After the child has
   * said that it serves, a new connection may still reach its parent, until the parent has read that.
   */
  async takenOver(child: number): Promise<number> {
    const test = (line: Line) => line.graceful === 'handed-over' && line.child === child
    await this.event({ what: `handover to ${child}`, test })
    return child
  }

  /** Waits until a process says that a request of this name is in its hands; returns its pid. */
  async held(name: string): Promise<number> {
    const test = (line: Line) => line.fixture === 'held' && line.name === name
    return (await this.event({ what: `request "${name}" in progress`, test })).pid
  }

  /** Where clients find an app, a server of `app.graceful.listen`, or a plain server. */
  target(index = 0, kind: 'app' | 'server' | 'plain' = 'app'): Target {
    const lines = this.events((line) => line.fixture === 'listening' && line.kind === kind && line.index === index)
    const address = lines.at(-1)?.address as string | { address: string; port: number } | undefined
    if (address === undefined) throw new ServerFailure(`${kind} ${index} does not listen`, this.output.toString())
    return typeof address === 'string' ? { path: address } : { host: address.address, port: address.port }
  }

  /** Sends a signal to the process that serves now, or to another generation. */
  signal(name: NodeJS.Signals, pid = this.current): void {
    process.kill(pid, name)
  }

  /** Tells a process of the fixture what to do; default: the one that serves now. */
  tell(command: Command, pid = this.current): Promise<void> {
    return this.#control.tell(pid, command)
  }

  /**
   * Waits until all lines have been read that any process had printed before this call. If a test learns something in
   * another way, by an answer, the end of a connection or a file, earlier lines may still be in the pipe. The echo of a
   * live process comes after them.
   */
  async heard(pid = this.current): Promise<void> {
    const id = ++this.#echoes
    await this.tell({ command: 'echo', id }, pid)
    await this.event({
      what: `echo ${id} of process ${pid}`,
      test: (line) => line.fixture === 'echo' && line.id === id
    })
  }

  /**
   * Sends the reload signal, to the launcher if there is one, and waits until the reload has succeeded and the parent
   * is gone; returns the pid of the child.
   */
  async reload(): Promise<number> {
    const parent = this.current
    this.signal('SIGHUP', this.addressee)
    await this.exitOf(parent)
    return this.current
  }

  /** The exit code of a process of any generation, once it is over and all that it printed has arrived. */
  async exitOf(pid: number): Promise<number | null> {
    const exit = pid === this.#started ? await this.waitFor(this.exit, 'end of the first generation') : undefined
    // A process that a signal ended had no last word.
    if (exit?.code === null || (exit !== undefined && this.isLaunched)) return exit.code
    const { code } = await this.eventOf(pid, 'exit')
    return exit?.code ?? Number(code)
  }

  /**
   * Stops the launcher, or else the process that serves now, and waits until nothing is left; returns the exit code of
   * the stopped one.
   */
  async stop(signal: NodeJS.Signals = 'SIGTERM'): Promise<number | null> {
    const pid = this.addressee
    this.signal(signal, pid)
    const code = await this.exitOf(pid)
    await this.waitFor(this.gone, 'end of all generations')
    return code
  }

  /** Waits for a promise with the usual limit; a failure shows the output of the servers. */
  waitFor<T>(promise: Promise<T>, what: string, limit?: number): Promise<T> {
    return within(promise, what, () => this.output.toString(), limit)
  }

  /** The processes of the tree that exist now, orphans included. */
  alive(): number[] {
    return pidsWithMarker(this.#marker).filter(isAlive)
  }

  /** The servers of the tree that exist now: all of it but the launcher. */
  servers(): number[] {
    return this.alive().filter((pid) => pid !== this.#started || !this.isLaunched)
  }

  /**
   * Stops what still runs.
   *
   * @throws {ServerFailure} when a process had to be killed, or a listening socket outlived them all
   */
  async teardown(): Promise<void> {
    const stopped = this.#stopEach().then(() => this.gone)
    const late = await this.waitFor(stopped, 'end of all generations', TEARDOWN_LIMIT).catch((err: Error) => err)
    const survivors = late instanceof Error ? this.alive() : await survivorsOf(() => this.alive())
    for (const pid of survivors) process.kill(pid, 'SIGKILL')
    if (late instanceof Error || survivors.length > 0)
      throw new ServerFailure(`processes survived: ${survivors}`, this.output.toString())
    const sockets = await survivorsOf(() => stillListening(this.#inodes))
    if (sockets.length > 0) throw new ServerFailure(`listening sockets survived: ${sockets}`, this.output.toString())
  }

  /** One after the other: a parent on probation takes its child with it, one that is on its way out does not. */
  async #stopEach(told = new Set<number>()): Promise<void> {
    const alive = this.alive()
    if (this.isLaunched && alive.includes(this.launcher)) {
      if (!told.has(this.launcher)) process.kill(this.launcher, 'SIGTERM')
      return
    }
    const stayer = alive.find((pid) => !told.has(pid) && !this.#isLeaving(pid))
    if (stayer === undefined) return
    // Not its last word: one that still boots has none.
    if (isAlive(stayer)) process.kill(stayer, 'SIGTERM')
    await survivorsOf(() => [stayer].filter(isAlive), TEARDOWN_LIMIT)
    await this.#stopEach(told.add(stayer))
  }

  #isLeaving(pid: number): boolean {
    return this.events((line) => line.pid === pid && line.graceful === 'draining').length > 0
  }
}
