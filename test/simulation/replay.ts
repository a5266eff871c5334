import { launcherMachine } from '../../lib/launcher/launcher-host.js'
import type { Machine } from '../../lib/process/host.js'
import { serverMachine } from '../../lib/process/server-host.js'

/** What a real process has recorded of its machine, one line of JSON for each step. */
export interface Recorded {
  readonly input: { readonly type: string }
  readonly effects: readonly Effect[]
  readonly place: Place
}

interface Effect {
  readonly do: string
}

interface Place {
  readonly name: string
  readonly stage?: string
  /** Of a launcher. */
  readonly servers?: readonly string[]
}

/** The first line of a trace: how the machine began. One process can have several, one after the other. */
type Begun =
  | { readonly begin: 'first' | 'successor' | 'check'; readonly launched: boolean }
  | { readonly begin: 'launcher'; readonly workers: number; readonly isWatched?: boolean }

/**
 * Where the machine differs from the trace of one process, or nothing. Lines that do not belong to a trace are ignored,
 * and so is all that follows an incomplete line: its process was killed.
 */
export function replay(text: string): string | undefined {
  let machine: Machine<unknown, unknown, Effect> | undefined
  let state: unknown
  for (const [index, line] of parse(text).entries()) {
    if ('begin' in line) {
      machine = machineOf(line)
      state = machine.start
      continue
    }
    if (machine === undefined) return 'no line says how the machine began'
    const [next, effects] = machine.step(state, line.input)
    const place = machine.placeOf(next) as Place
    const problem = differs(kinds(effects), kinds(line.effects)) ?? differs(sketch(place), sketch(line.place))
    if (problem !== undefined) return `step ${index}, on "${line.input.type}": ${problem}`
    state = next
  }
  return machine === undefined ? 'there is no trace' : undefined
}

function machineOf(begun: Begun): Machine<unknown, unknown, Effect> {
  return (
    begun.begin === 'launcher'
      ? launcherMachine(begun.workers, begun.isWatched)
      : serverMachine(begun.begin, begun.launched)
  ) as Machine<unknown, unknown, Effect>
}

function parse(text: string): Array<Recorded | Begun> {
  const parsed: Array<Recorded | Begun> = []
  for (const line of text.split('\n')) {
    const start = line.search(/\{"(input|begin)"/)
    if (start < 0) continue
    const one = parseLine(line.slice(start))
    if (one === undefined) break
    parsed.push(one)
  }
  return parsed
}

function parseLine(text: string): Recorded | Begun | undefined {
  try {
    const line = JSON.parse(text) as Recorded | Begun | { unwritable: string }
    return 'unwritable' in line ? undefined : line
  } catch {
    return undefined
  }
}

const kinds = (effects: readonly Effect[]): string => effects.map((effect) => effect.do).join(', ')

const sketch = ({ name, stage, servers }: Place): string => [name, stage, ...(servers ?? [])].join(', ')

function differs(machine: string, trace: string): string | undefined {
  return machine === trace ? undefined : `the machine has "${machine}", the trace "${trace}"`
}
