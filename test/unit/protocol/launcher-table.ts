import { readFileSync, writeFileSync } from 'node:fs'
import { resolve } from 'node:path'
import type { Effect, Launcher, Server, Step } from '../../../lib/protocol/launcher.js'
import type { LauncherMachine } from '../../simulation/launcher/system.js'
import { launcherInput } from './launcher-inputs.js'

/**
 * What the launcher does, step by step. For each of these ways to a state, `launcher-table.txt` has the possible next
 * inputs, and for each of them what changes in the state, and the effects.
 */

const FILE = resolve(__dirname, '../../../../test/unit/protocol/launcher-table.txt')

const ONE = 'start; started 0; 0 hello; 0 serves'
const TWO = `${ONE}; due grow 0; started 1; 1 hello; 1 serves`
const MAKING = `${ONE}; reload 1; 0 pong`
const HANDED = `${MAKING}; 0 start child 1; started 1; 1 serves; 0 handed over`
const COMMITTED = `${HANDED}; 0 passed`
const FIRST_DONE = `${TWO}; reload 1; 0 pong; 0 start child 1; started 2; 2 serves; 0 handed over; 0 passed`

/** How many workers there are, and what has happened. */
const WAYS: ReadonlyArray<readonly [workers: number, way: string]> = [
  [1, 'start'],
  [2, 'start; started 0'],
  [1, ONE],
  [1, 'start; started 0; 0 serves with own signals'],
  [2, `${ONE}; 0 listening`],
  [2, `${ONE}; due grow 0`],
  [2, TWO],
  [1, `${ONE}; 0 leaves`],
  [1, `${ONE}; 0 leaves by error`],
  [1, `${ONE}; 0 leaves by error; due restart 0; started 1; 1 serves`],
  [2, `${TWO}; 1 leaves; silent 1`],
  [1, `${ONE}; silent 0`],
  [1, `${ONE}; forward SIGTERM; forward SIGHUP`],
  [1, `${ONE}; 0 ended SIGKILL`],
  [1, `${ONE}; 0 ended SIGKILL; due restart 0`],
  [1, `${ONE}; 0 ended SIGKILL; due restart 0; started 1`],
  [1, `${ONE}; 0 ended SIGKILL; due restart 0; reload 1; started 1`],
  [1, `${ONE}; 0 leaves by error; due restart 0; started 1; reload 1`],
  [1, `${ONE}; 0 leaves by error; due restart 0; started 1; 1 hello; reload 1`],
  [2, `${TWO}; 1 ended 1; reload 1; reload 2`],
  [2, `${FIRST_DONE}; 1 ended 1`],
  [2, `${FIRST_DONE}; 1 ended 1; started 3`],
  [1, `${ONE}; reload 1`],
  [1, `${ONE}; reload 1; due turn 0`],
  [1, `${ONE}; reload 1; due turn 0; 0 ended SIGKILL`],
  [1, MAKING],
  [1, `${MAKING}; 0 start child 1`],
  [1, `${MAKING}; 0 start child 1; due turn 0`],
  [1, `${MAKING}; 0 start child 1; started 1`],
  [1, HANDED],
  [1, `${HANDED}; 1 roll back; reload 2`],
  [1, `${HANDED}; 0 ended SIGKILL`],
  [2, FIRST_DONE],
  [2, `${FIRST_DONE}; 2 roll back`],
  [2, `${FIRST_DONE}; 1 pong; 1 reload failed`],
  [1, COMMITTED],
  [1, `${COMMITTED}; 1 ended SIGKILL`],
  [1, `${COMMITTED}; 0 leaves; 0 reload made; reload 2`],
  [1, `${COMMITTED}; 0 reload failed`],
  [1, `${ONE}; stop SIGTERM`],
  [2, `${TWO}; 0 ended SIGKILL; stop SIGTERM`],
  [2, `${FIRST_DONE}; stop SIGINT`],
  [1, `${MAKING}; 0 start child 1; stop SIGTERM`],
  [1, `${COMMITTED}; stop SIGTERM`],
  [1, `${ONE}; stop SIGTERM; due stop 0`],
  [1, `${ONE}; force`],
  [1, `${ONE}; stop SIGTERM; 0 ended 0`],
  [1, 'start; started 0; scale +1 1'],
  [1, `${ONE}; scale +1 1`],
  [1, `${ONE}; scale 3 1; reload 2; scale -1 3`],
  [1, `${ONE}; scale +1 1; due grow 0`],
  [1, `${ONE}; scale 3 1; due grow 0; started 1; started 2; 2 serves`],
  [1, `${ONE}; scale +1 1; due grow 0; started 1; due boot 1`],
  [1, `${ONE}; scale +1 1; due grow 0; started 1; 1 serves; reload 2`],
  [1, `${MAKING}; scale +1 2; reload 3; 0 reload failed`],
  [2, `${TWO}; scale -1 1`],
  [2, `${TWO}; 1 ended 1; scale 1 1`],
  [2, `${TWO}; 1 ended 1; due restart 1; scale 1 1`],
  [2, `${TWO}; 0 ended SIGKILL; scale 1 1`],
  [2, `${TWO}; scale 1 1; scale +1 2; reload 3`],
  [2, `${TWO}; scale 1 1; stop SIGTERM`]
]

const WORDS = [
  'hello',
  'boots',
  'listening',
  'serves',
  'leaves',
  'leaves by error',
  'start child 2',
  'roll back',
  'pong',
  'handed over',
  'passed',
  'reload made',
  'reload failed',
  'unwell',
  'ended 0',
  'ended 3',
  'ended SIGTERM'
]
const OF_SERVER = ['started', 'not started', 'silent']
const SERVER_TIMERS = ['boot', 'steady', 'stop', 'force', 'kill', 'silence']
const OF_LAUNCHER = [
  'start',
  'reload 9',
  'scale +1 9',
  'scale -1 9',
  'scale 2 9',
  'stop SIGTERM',
  'force',
  'forward SIGHUP',
  'forward SIGTERM',
  'noted 0'
]

/** The table as this machine would write it. */
function tableOf({ begin, step }: LauncherMachine): string {
  const lines = WAYS.flatMap(([workers, way]) => {
    const state = way.split('; ').reduce((before, text) => step(before, launcherInput(text))[0], begin(workers))
    const rows = inputsFor(state).map((text) => [text, rowOf(state, step(state, launcherInput(text)))] as const)
    const ignored = rows.filter(([, row]) => row === '').map(([text]) => text)
    const heard = rows.filter(([, row]) => row !== '').map(([text, row]) => `  ${text} -> ${row}`)
    return [`${workers}: ${way}`, ...heard, `  nothing: ${ignored.join('; ')}`]
  })
  return lines.join('\n')
}

function inputsFor({ servers, workers, roll }: Launcher): string[] {
  const own = servers.flatMap(({ id, stage }) => [
    ...(stage === 'starting' ? [] : WORDS.map((word) => `${id} ${word}`)),
    ...OF_SERVER.map((what) => `${what} ${id}`),
    ...SERVER_TIMERS.map((timer) => `due ${timer} ${id}`)
  ])
  const ofWorkers = workers.flatMap(({ id }) => [`due turn ${id}`, `due restart ${id}`])
  const noted = roll === undefined ? [] : [`noted ${roll.asks[0]}`]
  return [...OF_LAUNCHER, ...noted, 'due grow 0', 'due tell 0', 'due scale 0', ...ofWorkers, ...own]
}

function rowOf(before: Launcher, [after, effects]: Step): string {
  const was = factsOf(before)
  const is = factsOf(after)
  const changed = [...is].flatMap(([fact, value]) => (was.get(fact) === value ? [] : `${fact} ${value}`))
  const gone = [...was.keys()].flatMap((fact) => (is.has(fact) ? [] : `no ${fact.replace(/ \w+$/, '')}`))
  return [...changed, ...new Set(gone), ...effects.map((effect) => `! ${briefOf(effect)}`)].join('; ')
}

/** A state as facts with a name each. */
function factsOf({ servers, workers, roll, queued, ...own }: Launcher): Map<string, string> {
  const facts = new Map<string, string>()
  const add = (name: string, values: object): void => {
    for (const [key, value] of Object.entries(values)) facts.set(`${name}${key}`, textOf(value))
  }
  add('', own)
  for (const { id, ...server } of servers) add(`s${id} `, server satisfies Omit<Server, 'id'>)
  for (const { id, ...worker } of workers) add(`w${id} `, worker)
  const { turns = [], ...rest } = roll ?? {}
  add('roll ', rest)
  for (const { worker, ...turn } of turns) add(`turn ${worker} `, turn)
  add('queued ', queued ?? {})
  return facts
}

const briefOf = (effect: Effect): string => Object.values(effect).map(textOf).join(' ')

function textOf(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(textOf).join(' ')}]`
  if (typeof value !== 'object' || value === null) return value === '' ? "''" : String(value)
  const parts = Object.entries(value).map(([key, part]) => `${key} ${textOf(part)}`)
  return `(${parts.join(', ')})`
}

/** The first row that a machine does not keep to, as it is and as it should be; or nothing. */
export function problemOfTable(machine: LauncherMachine): string | undefined {
  const wanted = readFileSync(FILE, 'utf8').trimEnd().split('\n')
  const rows = tableOf(machine).split('\n')
  const index = rows.findIndex((row, at) => row !== wanted[at])
  if (index < 0) return rows.length === wanted.length ? undefined : 'rows are missing'
  return `${rows.slice(0, index + 1).findLast((row) => !row.startsWith('  '))}\nis${rows[index]}\nnot${wanted[index]}`
}

/** Writes what the machine does now into the table, to be reviewed. */
export function updateTable(machine: LauncherMachine): void {
  writeFileSync(FILE, `${tableOf(machine)}\n`)
}
