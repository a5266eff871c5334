import { readFileSync, writeFileSync } from 'node:fs'
import { resolve } from 'node:path'
import type { Machine } from '../../simulation/server/world.js'
import { briefOf, stateOf } from './brief.js'
import { inputOf } from './inputs.js'

/**
 * What the machine does, step by step. `server-table.txt` has paths of inputs, each with the possible next inputs, the
 * state after each of them (`=`: the same) and its effects.
 */

const FILE = resolve(__dirname, '../../../../test/unit/protocol/server-table.txt')

/** The table as this machine would write it. */
function tableOf(machine: Machine, text: string): string {
  let server = machine.begin('first', false)
  return text
    .split('\n')
    .map((line) => {
      const [input] = line.trim().split(/ ->/)
      if (line.startsWith('  ')) return `  ${input} -> ${resultOf(machine, server, input ?? '')}`
      const [how = '', path = ''] = line.split(/: ?/)
      server = machine.begin(how === 'successor' || how === 'check' ? how : 'first', how === 'launched')
      for (const name of path.split('; ').filter(Boolean)) server = machine.step(server, inputOf(name))[0]
      return line
    })
    .join('\n')
}

function resultOf(machine: Machine, server: ReturnType<Machine['begin']>, input: string): string {
  const [next, effects] = machine.step(server, inputOf(input))
  const isSame = JSON.stringify(next) === JSON.stringify(server)
  return `${isSame ? '=' : stateOf(next)} | ${effects.map(briefOf).join('; ')}`.trimEnd()
}

const wanted = readFileSync(FILE, 'utf8').trimEnd()

/** The first row that a machine does not keep to, as it is and as it should be; or nothing. */
export function problemOfTable(machine: Machine): string | undefined {
  const rows = wanted.split('\n')
  const index = tableOf(machine, wanted)
    .split('\n')
    .findIndex((row, at) => row !== rows[at])
  if (index < 0) return wrongRollBack(machine)
  const path = rows.slice(0, index + 1).findLast((row) => !row.startsWith('  '))
  return `${path}\nis${tableOf(machine, wanted).split('\n')[index]}\nnot${rows[index]}`
}

/** A process may give the service back while it is on trial and has not confirmed. */
function wrongRollBack(machine: Machine): string | undefined {
  const stages = ['running', 'checking', 'confirmed', 'giving back'] as const
  const places = stages.map((stage) => ({ name: 'trial', stage, reason: '', leaves: false }) as const)
  const can = [...places, { name: 'serving' } as const].map((at) => machine.canRollBack(at)).join(', ')
  return can === 'true, true, false, false, false' ? undefined : `canRollBack says ${can}`
}

/** Writes what the machine does now into the table, to be reviewed. */
export function updateTable(machine: Machine): void {
  writeFileSync(FILE, `${tableOf(machine, wanted)}\n`)
}
