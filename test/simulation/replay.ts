import { giverMachine } from '../../lib/connections/giving.js'
import { takerMachine } from '../../lib/connections/taking.js'
import { balanceMachine } from '../../lib/launcher/balancer.js'
import { launcherMachine } from '../../lib/launcher/launcher-host.js'
import { watchMachine } from '../../lib/launcher/watch/file-watch.js'
import type { Machine } from '../../lib/process/host.js'
import { serverMachine } from '../../lib/process/server-host.js'
import type { Move } from '../../lib/protocol/connection.js'
import type { Tolerance } from '../../lib/protocol/health.js'
import { healthMachine } from '../../lib/reload/health-watch.js'

/** What a real process has recorded of a machine, one line of JSON for each step. */
export interface Recorded {
  /** As in `server`, or `giver 12`. */
  readonly machine: string
  readonly input: { readonly type: string }
  readonly effects: readonly Effect[]
  readonly place: Place
}

interface Effect {
  readonly do: string
}

/** Of a server or a launcher; that of other machines is compared whole. */
interface Place {
  readonly name: string
  readonly stage?: string
  /** Of a launcher. */
  readonly servers?: readonly string[]
}

/** How a machine began. One process can have several of a kind, one after the other. */
interface Begun {
  readonly machine: string
  readonly begin: object
  /** What it did before its first input. */
  readonly effects?: readonly Effect[]
}

type Replayed = Omit<Machine<unknown, unknown, Effect>, 'name' | 'begin'>
type RoleOf = Parameters<typeof serverMachine>[0]

/** The machines that leave a trace, by the first word of their names. */
const MACHINES = {
  server: (begin: { role: RoleOf; launched: boolean }) => serverMachine(begin.role, begin.launched),
  launcher: (begin: { workers: number; isWatched?: boolean }) => launcherMachine(begin.workers, begin.isWatched),
  balance: () => balanceMachine(),
  health: (tolerance: Tolerance) => healthMachine(tolerance),
  watch: () => watchMachine(),
  giver: (begin: { move: Move }) => giverMachine(begin.move),
  taker: (begin: { move: Move; isAble: boolean }) => takerMachine(begin.move, begin.isAble)
}

/**
 * Where a machine differs from the trace of its process, or nothing. Lines that do not belong to a trace are ignored,
 * and so is all that follows an incomplete line: its process was killed.
 */
export function replay(text: string): string | undefined {
  const running = new Map<string, { machine: Replayed; state: unknown }>()
  for (const [index, line] of parse(text).entries()) {
    if ('begin' in line) {
      const machine = machineOf(line)
      const problem = differs(kinds(machine.first ?? []), kinds(line.effects ?? []))
      if (problem !== undefined) return `the machine "${line.machine}" begins otherwise: ${problem}`
      running.set(line.machine, { machine, state: machine.start })
      continue
    }
    const one = running.get(line.machine)
    if (one === undefined) return `no line says how the machine "${line.machine}" began`
    const [next, effects] = one.machine.step(one.state, line.input)
    const place = sketch(one.machine.placeOf(next))
    const problem = differs(kinds(effects), kinds(line.effects)) ?? differs(place, sketch(line.place))
    if (problem !== undefined) return `step ${index}, on "${line.input.type}": ${problem}`
    one.state = next
  }
  return running.size === 0 ? 'there is no trace' : undefined
}

function machineOf({ machine, begin }: Begun): Replayed {
  const make = MACHINES[machine.split(' ')[0] as keyof typeof MACHINES] as (begin: object) => object
  return make(begin) as Replayed
}

function parse(text: string): Array<Recorded | Begun> {
  const parsed: Array<Recorded | Begun> = []
  for (const line of text.split('\n')) {
    const start = line.search(/\{"machine":/)
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

function sketch(place: unknown): string {
  const { name, stage, servers = [] } = Object(place) as Partial<Place>
  return name === undefined ? JSON.stringify(place) : [name, stage, ...servers].join(', ')
}

function differs(machine: string, trace: string): string | undefined {
  return machine === trace ? undefined : `the machine has "${machine}", the trace "${trace}"`
}
