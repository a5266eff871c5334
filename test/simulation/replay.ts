import type { Effect, Input, Place, Server } from '../../lib/protocol/server.js'
import type { Machine } from './world.js'

/** What a real process has recorded of its machine, one line of JSON for each step. */
export interface Recorded {
  readonly input: Input
  readonly effects: readonly Pick<Effect, 'do'>[]
  readonly place: Pick<Place, 'name'> & { readonly stage?: string }
}

/** Where the machine differs from the trace of a process, or nothing. Lines that are none of a trace are passed over. */
export function replay(
  machine: Machine,
  how: 'first' | 'successor',
  launched: boolean,
  text: string
): string | undefined {
  let server: Server = machine.begin(how, launched)
  for (const [index, { input, effects, place }] of parse(text).entries()) {
    const [next, wanted] = machine.step(server, input)
    const at = next.at as Recorded['place']
    const problem =
      differs(kinds(wanted), kinds(effects)) ?? differs(`${at.name}, ${at.stage}`, `${place.name}, ${place.stage}`)
    if (problem !== undefined) return `step ${index + 1}, on "${input.type}": ${problem}`
    server = next
  }
  return undefined
}

function parse(text: string): Recorded[] {
  return text.split('\n').flatMap((line) => {
    const start = line.indexOf('{"input"')
    return start < 0 ? [] : (JSON.parse(line.slice(start)) as Recorded)
  })
}

const kinds = (effects: Recorded['effects']): string => effects.map((effect) => effect.do).join(', ')

function differs(machine: string, trace: string): string | undefined {
  return machine === trace ? undefined : `the machine has "${machine}", the trace "${trace}"`
}
