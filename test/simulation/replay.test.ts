import { test } from 'tap'
import { launcherMachine } from '../../lib/launcher/launcher-host.js'
import type { Machine } from '../../lib/process/host.js'
import { serverMachine } from '../../lib/process/server-host.js'
import type { Input as LauncherInput } from '../../lib/protocol/launcher.js'
import type { Input as ServerInput } from '../../lib/protocol/server.js'
import { replay } from './replay.js'

const begin = { begin: 'first', launched: false }

const trace = [
  { input: { type: 'opened' }, effects: [], place: { name: 'booting' } },
  {
    input: { type: 'progress', listening: true, complete: true },
    effects: [{ do: 'serve' }],
    place: { name: 'serving' }
  },
  {
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
  t.equal(replay(`${textOf(trace)}\n{"input":{"type":"pro\n${JSON.stringify({ ...trace[1], effects: [] })}`), undefined)
})

test('a trace without its first line does not fit', async (t) => {
  t.match(replay(JSON.stringify(trace[0])), /how the machine began/)
  t.match(replay(''), /no trace/)
})

/** What a process with this machine writes. */
function recorded<S, I, E>({ start, step, begin, placeOf }: Machine<S, I, E>, inputs: readonly I[]): string {
  let state = start
  const lines = inputs.map((input) => {
    const [next, effects] = step(state, input)
    state = next
    return { input, effects, place: placeOf(next) }
  })
  return [begin, ...lines].map((line) => JSON.stringify(line)).join('\n')
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
