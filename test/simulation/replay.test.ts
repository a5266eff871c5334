import { test } from 'tap'
import { giverMachine } from '../../lib/connections/giving.js'
import { takerMachine } from '../../lib/connections/taking.js'
import { balanceMachine } from '../../lib/launcher/balancer.js'
import { launcherMachine } from '../../lib/launcher/launcher-host.js'
import { watchMachine } from '../../lib/launcher/watch/file-watch.js'
import type { Machine } from '../../lib/process/host.js'
import { serverMachine } from '../../lib/process/server-host.js'
import type { BalanceInput } from '../../lib/protocol/balance.js'
import type { Input as LauncherInput } from '../../lib/protocol/launcher.js'
import type { Input as ServerInput } from '../../lib/protocol/server.js'
import type { WatchInput } from '../../lib/protocol/watch.js'
import { healthMachine } from '../../lib/reload/health-watch.js'
import { replay } from './replay.js'

const begin = { machine: 'server', begin: { role: 'first', launched: false } }

const trace = [
  { machine: 'server', input: { type: 'opened' }, effects: [], place: { name: 'booting' } },
  {
    machine: 'server',
    input: { type: 'progress', listening: true, complete: true },
    effects: [{ do: 'serve' }],
    place: { name: 'serving' }
  },
  {
    machine: 'server',
    input: { type: 'reload', ask: 1, reason: 'a caller asks' },
    effects: [{ do: 'wait' }, { do: 'ask hooks' }],
    place: { name: 'reloading', stage: 'asking hooks' }
  }
]

const textOf = (lines: unknown[]): string =>
  [begin, ...lines].map((line) => `GRACEFUL 4711: ${JSON.stringify(line)}`).join('\n')

test('a trace of what the machine does fits', async (t) => {
  t.equal(replay(`a line of something else\n${textOf(trace)}\n`), undefined)
})

test('a trace with another effect, or another state, does not fit', async (t) => {
  const [first, second, third] = trace
  t.match(replay(textOf([first, { ...second, effects: [] }])), /^step 2, on "progress": .*"serve"/)
  const elsewhere = { ...third, place: { name: 'serving' } }
  t.match(replay(textOf([first, second, elsewhere])), /^step 3, on "reload": .*asking hooks/)
})

test('what follows a line that was cut off is passed over', async (t) => {
  t.equal(
    replay(
      `${textOf(trace)}\n{"machine":"server","input":{"type":"pro\n${JSON.stringify({ ...trace[1], effects: [] })}`
    ),
    undefined
  )
})

test('a trace without its first line does not fit', async (t) => {
  t.match(replay(JSON.stringify(trace[0])), /how the machine "server" began/)
  t.match(replay(''), /no trace/)
})

type Traced<S, I, E> = Omit<Machine<S, I, E>, 'name'>

/** The lines that a process with this machine writes. */
function linesOf<S, I, E>(machine: string, traced: Traced<S, I, E>, inputs: readonly I[]): string[] {
  const { start, first, step, begin, placeOf } = traced
  let state = start
  const lines = inputs.map((input) => {
    const [next, effects] = step(state, input)
    state = next
    return { machine, input, effects, place: placeOf(next) }
  })
  return [{ machine, begin, effects: first }, ...lines].map((line) => JSON.stringify(line))
}

function recorded<S, I, E>(machine: Machine<S, I, E>, inputs: readonly I[]): string {
  return linesOf(machine.name, machine, inputs).join('\n')
}

test('a trace is replayed on the machine that has written it', async (t) => {
  const crash: LauncherInput[] = [
    { type: 'start' },
    { type: 'started', server: 0 },
    { type: 'ended', server: 0, ending: { exitCode: 1, signal: null } }
  ]
  for (const isWatched of [false, true]) t.equal(replay(recorded(launcherMachine(1, isWatched), crash)), undefined)
  const opened: ServerInput[] = [{ type: 'opened' }, { type: 'progress', listening: true, complete: true }]
  for (const role of ['first', 'successor', 'check'] as const)
    for (const launched of [false, true]) t.equal(replay(recorded(serverMachine(role, launched), opened)), undefined)
})

const GIVEN = linesOf('giver 1', giverMachine('websocket'), [{ type: 'due' }, { type: 'taken', atRest: false }])
const TAKEN = linesOf('taker 2', takerMachine('http', true), [{ type: 'sent' }])
const JUDGED = linesOf('health', healthMachine({ errorShare: 0.4, leastAnswers: 20 }), [
  { type: 'due' },
  { type: 'due' },
  { type: 'due' }
])
const SAVED: WatchInput[] = [
  { type: 'touched', path: '/app.js' },
  { type: 'due', timer: 'settle' }
]
const WATCHED = linesOf('watch', watchMachine(), SAVED)
const PASSED_ON: BalanceInput[] = [
  { type: 'accepting', servers: [{ server: 1, listeners: [2] }] },
  { type: 'held', connection: 3, listener: 2 }
]
const SPREAD = linesOf('balance 3', balanceMachine(), PASSED_ON)

test('several machines of one process are replayed side by side', async (t) => {
  const launcher = linesOf('launcher', launcherMachine(1, true), [{ type: 'start' }, { type: 'started', server: 0 }])
  const all = [GIVEN, TAKEN, JUDGED, WATCHED, SPREAD, launcher]
  const inTurn = Array.from({ length: 4 }, (_, index) => all.flatMap((lines) => lines[index] ?? []))
  t.equal(replay(inTurn.flat().join('\n')), undefined)
})

test('a trace of another machine than that of the process may not fit either', async (t) => {
  for (const lines of [GIVEN, TAKEN, JUDGED, WATCHED, SPREAD]) {
    const [begin, ...steps] = lines
    const last = JSON.parse(steps.at(-1) as string)
    const textWith = (line: object) => [begin, ...steps.slice(0, -1), JSON.stringify({ ...last, ...line })].join('\n')
    t.equal(replay(textWith({})), undefined)
    t.match(replay(textWith({ effects: [] })), new RegExp(`^step ${steps.length}, `))
    t.match(replay(textWith({ place: 'elsewhere' })), /"elsewhere"/)
  }
})

test('a machine that does something else before its first input does not fit', async (t) => {
  const begun = JSON.parse(GIVEN[0] as string)
  t.match(replay(JSON.stringify({ ...begun, effects: [] })), /"giver 1" begins otherwise: .*"offer, wait"/)
})
