import type { ChildId, Input, Stop, Timer } from '../../../lib/protocol/server.js'
import { ask } from './asks.js'
import type { ServerEvent } from './events.js'
import { begin, endProcess, hear } from './host.js'
import { describe } from './invariants.js'
import type { ToChild, ToParent } from './letters.js'
import { childOf, hasClosed, isAble, lives, processOf } from './people.js'
import type { Throwing } from './rules.js'
import { endWork, report } from './works.js'
import { breakWorld, type Process, type World } from './world.js'

/** Lets an event happen. */
export function happen(world: World, { process: id, act, detail, costs }: ServerEvent): void {
  const process = processOf(world, id) as Process
  ACTS[act](world, process, detail)
  // Nobody can blame the processes for the end of the service when the outside has left none that could serve. An app
  // that does not boot or load in time counts as outside too.
  if (
    (costs !== undefined || (act === 'due' && (detail === 'load' || detail === 'boot'))) &&
    !world.processes.some((other) => isAble(world, other))
  )
    world.excuse ??= costs ?? detail
}

type Act = (world: World, process: Process, detail: string) => void

const stopWith =
  (cause: Stop['cause']): Act =>
  (world, process, detail) => {
    if (cause === 'asked' && meansService(process)) world.stops = [...world.stops, process.id]
    if (cause === 'app closes') begin(process, 'own close')
    const lameDuck = detail === 'lame duck'
    const served = process.server.at.name === 'serving'
    hear(world, process, { type: 'stop', reason: cause, cause, lameDuck, awaitsParent: detail === 'after the parent' })
    const { at } = process.server
    if (served && (at.name !== 'leaving' || (at.stage === 'lame duck') !== lameDuck))
      breakWorld(world, `process ${process.id} was told to stop ${detail}, and is ${describe(at)}`)
  }

/** The parent finds that its child is not well. */
const judge =
  (isSilent: boolean): Act =>
  (world, process) => {
    const { at } = process.server
    if (at.name === 'parent') hear(world, process, { type: 'unwell', child: at.child, isSilent, how: 'is not well' })
  }

const ACTS: { readonly [K in ServerEvent['act']]: Act } = {
  work: endWork,
  hears: (world, process, from) =>
    from === 'parent' ? hearParent(world, process) : hearChild(world, process, Number(from)),
  due: (world, process, timer) => {
    process.timers = process.timers.filter((other) => other.timer !== timer)
    hear(world, process, { type: 'due', timer: timer as Timer })
  },
  dies: (world, process) => {
    process.end = 'killed by its parent'
    endProcess(world, process, 'SIGKILL')
  },
  resumes: (_world, process) => {
    process.life = 'runs'
  },
  reload: (world, process) =>
    hear(world, process, { type: 'reload', ask: ask(world, process), reason: 'a caller asks' }),
  signal: (world, process) => hear(world, process, { type: 'reload', ask: undefined, reason: 'SIGHUP' }),
  supervised: (world, process) =>
    hear(world, process, { type: 'reload', ask: undefined, reason: 'all workers', supervised: true }),
  check: (world, process) => {
    const { saves } = world.rules
    hear(world, process, { type: 'check', ask: ask(world, process, true), reason: 'a caller checks', saves })
  },
  undo: (world, process) => hear(world, process, { type: 'undo', reason: 'another worker failed' }),
  stop: stopWith('asked'),
  error: stopWith('error'),
  'app closes': stopWith('app closes'),
  force,
  'roll back': (world, process) => hear(world, process, { type: 'roll back', reason: 'it is not well' }),
  unwell: judge(false),
  silent: judge(true),
  kill: (world, process) => {
    process.end = 'killed'
    endProcess(world, process, 'SIGKILL')
  },
  'kill unheard': killUnheard,
  'hang up': (world, process) => {
    process.end = 'killed'
    endProcess(world, process, 'SIGHUP', 'SIGHUP')
  },
  stall: (world, process) => {
    process.life = 'stalls'
    world.hasStalled = true
  },
  hang: endWork,
  throw: (_world, process, effect) => {
    process.throws = effect as Throwing
  },
  fail: bounce,
  overtake: (world, process) => {
    process.fromParent = process.fromParent.slice(0, -1)
    hear(world, process, { type: 'parent gone' })
  }
}

/** Before it serves, a process is not the service; and neither is one that leaves. */
function meansService({ server }: Process): boolean {
  return server.at.name !== 'successor' && server.at.name !== 'leaving'
}

/** Ends at once, and takes along the child that it waits for. */
function force(world: World, process: Process): void {
  const { at } = process.server
  const child = at.name === 'leaving' && at.awaitsChild ? childOf(world, process, at.child ?? 0) : undefined
  process.end = 'forced'
  hear(world, process, { type: 'force', reason: 'forced' })
  if (!hasClosed(process)) breakWorld(world, `process ${process.id} was forced, and lives`)
  if (child !== undefined && lives(child) && !child.doomed)
    breakWorld(world, `process ${process.id} was forced, and leaves its child behind`)
}

/** With a full pipe, its last messages never reached the kernel. */
function killUnheard(world: World, process: Process): void {
  process.end = 'killed'
  process.toParent = []
  for (const other of world.processes) if (other.parent === process.id) other.fromParent = []
  endProcess(world, process, 'SIGKILL')
}

/** What cannot be written does not arrive, and the sender finds out. */
function bounce(world: World, process: Process): void {
  const { at } = process.server
  if (at.name !== 'reloading' && at.name !== 'checking') return
  const child = childOf(world, process, at.child)
  if (child !== undefined) child.fromParent = child.fromParent.filter(({ type }) => type !== 'word')
  hear(world, process, { type: 'not sent', child: at.child, error: undefined })
}

function hearParent(world: World, process: Process): void {
  const [letter, ...rest] = process.fromParent
  process.fromParent = rest
  if (letter !== undefined) hear(world, process, fromParent(letter))
}

export function fromParent(letter: ToChild): Input {
  switch (letter.type) {
    case 'word':
      return { type: 'parent said', word: letter.word }
    case 'reload':
      return { type: 'reload', ask: letter.ask, reason: letter.reason }
    case 'gone':
      return { type: 'parent gone' }
    default:
      return letter satisfies never
  }
}

function hearChild(world: World, process: Process, id: number): void {
  const speaker = processOf(world, id) as Process
  const [letter, ...rest] = speaker.toParent
  speaker.toParent = rest
  if (letter?.type === 'answered') report(world, process, letter.asks, letter.outcome)
  else if (letter !== undefined) hear(world, process, fromChild(letter, speaker.child))
}

function fromChild(letter: Exclude<ToParent, { type: 'answered' }>, child: ChildId): Input {
  switch (letter.type) {
    case 'word':
      return { type: 'child said', child, word: letter.word }
    case 'ended':
      return { type: 'child ended', child, how: letter.how, again: letter.again }
    default:
      return letter satisfies never
  }
}
