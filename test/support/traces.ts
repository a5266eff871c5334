import type { Recorded } from '../simulation/replay.js'
import type { Output } from './output.js'

/** Makes each process of a fixture write what its machines hear and do, but for those of its connections. */
export const TRACING = { NODE_DEBUG: 'fastify-graceful-reload' }

/** Those of its connections as well. */
export const TRACING_ALL = { NODE_DEBUG: 'fastify-graceful-reload,fastify-graceful-reload-connections' }

const LINE = /^err: FASTIFY-GRACEFUL-RELOAD(?:-CONNECTIONS)? (\d+): (\{.*)$/

/** What the machines of all processes of a server have written, as it arrives. Needs {@link TRACING}. */
export class Traces {
  readonly #lines = new Map<number, string[]>()
  readonly #steps = new Map<number, Recorded[]>()

  constructor(output: Output) {
    for (const text of output.texts(LINE)) this.#add(text)
    output.read((text) => this.#add(text))
  }

  /** The server processes with a machine, in the order in which they began. */
  get pids(): number[] {
    return [...this.#lines.keys()].filter((pid) => pid !== this.launcher)
  }

  /** The launcher, if there is one. */
  get launcher(): number | undefined {
    return [...this.#lines].find(([, lines]) => lines.some((line) => line.startsWith('{"machine":"launcher"')))?.[0]
  }

  /** The trace of a process, for `replay`. */
  textOf(pid: number): string {
    return (this.#lines.get(pid) ?? []).join('\n')
  }

  /** What a process has gone through so far, as a server or a launcher. */
  stepsOf(pid: number): readonly Recorded[] {
    return this.#steps.get(pid) ?? []
  }

  /** The state of a process; undefined: its machine has not begun, or has had no input. */
  placeOf(pid: number): Recorded['place'] | undefined {
    return this.stepsOf(pid).at(-1)?.place
  }

  #add(text: string): void {
    const [, pid, line = ''] = LINE.exec(text) ?? []
    if (pid === undefined) return
    append(this.#lines, Number(pid), line)
    const step = parse(line)
    const isOfProcess = step?.machine === 'server' || step?.machine === 'launcher'
    if (isOfProcess && step.input !== undefined && step.effects !== undefined) append(this.#steps, Number(pid), step)
  }
}

function append<T>(lists: Map<number, T[]>, pid: number, item: T): void {
  const list = lists.get(pid)
  if (list === undefined) lists.set(pid, [item])
  else list.push(item)
}

function parse(line: string): Recorded | undefined {
  try {
    return JSON.parse(line) as Recorded
  } catch {
    // Its process was killed while it wrote.
    return undefined
  }
}
