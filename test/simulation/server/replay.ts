import type { Effect, Input, Place, Server } from '../../../lib/protocol/server.js'
import type { Machine } from './world.js'

/** What a real process has recorded of its machine, one line of JSON for each step. */
export interface Recorded {
  readonly input: Input
  readonly effects: readonly Pick<Effect, 'do'>[]
  readonly place: Pick<Place, 'name'> & { readonly stage?: string }
}

/** The first line of a trace: how the machine began. One process can have several, one after the other. */
interface Begun {
  readonly begin: 'first' | 'successor'
  readonly launched: boolean
}

/**
 * Where the machine differs from the trace of one process, or nothing. Lines that are none of a trace are passed over, and so is what
 * follows a line that has not been written to its end: its process was killed.
 */
export function replay(machine: Machine, text: string): string | undefined {
  let server: Server | undefined
  for (const [index, line] of parse(text).entries()) {
    if ('begin' in line) {
      server = machine.begin(line.begin, line.launched)
      continue
    }
    if (server === undefined) return 'no line says how the machine began'
    const { input, effects, place } = line
    const [next, wanted] = machine.step(server, input)
    const at = next.at as Recorded['place']
    const problem =
      differs(kinds(wanted), kinds(effects)) ?? differs(`${at.name}, ${at.stage}`, `${place.name}, ${place.stage}`)
    if (problem !== undefined) return `step ${index}, on "${input.type}": ${problem}`
    server = next
  }
  return server === undefined ? 'there is no trace' : undefined
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

const kinds = (effects: Recorded['effects']): string => effects.map((effect) => effect.do).join(', ')

function differs(machine: string, trace: string): string | undefined {
  return machine === trace ? undefined : `the machine has "${machine}", the trace "${trace}"`
}
