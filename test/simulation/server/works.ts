import type { Ask } from '../../../lib/protocol/server.js'
import { begin, hear, tellParent } from './host.js'
import type { Outcome } from './letters.js'
import { addProcess, type Process, type Work, type WorkName, type World } from './world.js'

/** What a machine hears when work of its host ends. */

/** `detail` is the work and how it ends: `spawn 1: started`. */
export function endWork(world: World, process: Process, detail: string): void {
  const [, name, of = '0', outcome] = WORK.exec(detail) as unknown as [string, WorkName, string | undefined, string]
  const first = process.works.findIndex((work: Work) => work.name === name && work.of === Number(of))
  process.works = process.works.filter((_, index) => index !== first)
  if (outcome !== 'hangs') ENDS[name](world, process, outcome, Number(of))
  else if (name === 'boot') process.hangs = true
}

const WORK = /^(.*?)(?: (\d+))?: (.*)$/

type End = (world: World, process: Process, outcome: string, of: number) => void

const error = undefined

const ENDS: { readonly [K in WorkName]: End } = {
  boot: (world, process, outcome) => {
    if (process.parent === 0) hear(world, process, { type: 'opened' })
    hear(world, process, { type: 'progress', listening: true, complete: outcome === 'all listen' })
  },
  hooks: (world, process, outcome) =>
    hear(
      world,
      process,
      outcome === 'approved' ? { type: 'approved', saves: world.rules.saves } : { type: 'vetoed', error }
    ),
  spawn: (world, process, outcome, child) => {
    if (outcome === 'started') {
      addProcess(world, process.id, child, process.checks.includes(child))
      hear(world, process, { type: 'started', child })
    } else hear(world, process, { type: 'not started', child, error })
  },
  save: (world, process, outcome, child) =>
    hear(world, process, outcome === 'saved' ? { type: 'saved', child } : { type: 'not saved', child, error }),
  offer: (world, process, outcome) => {
    const isCheck = process.isCheck && !world.rules.old
    // That it could boot is all that can be learnt of one that knows no checks.
    if (process.isCheck && !isCheck && outcome === 'ready') process.checked = true
    const said = { type: 'ready', ...(isCheck && { isCheck }) } as const
    const word = outcome === 'ready' ? said : ({ ...said, error: outcome } as const)
    tellParent(world, process, { type: 'word', word })
  },
  load: (world, process, outcome) =>
    hear(world, process, outcome === 'loaded' ? { type: 'loaded' } : { type: 'not loaded', error }),
  check: (world, process, outcome) =>
    hear(world, process, outcome === 'healthy' ? { type: 'healthy' } : { type: 'roll back', reason: outcome }),
  note: (world, process, _outcome, child) => {
    begin(process, 'conclude', child)
    hear(world, process, { type: 'noted', child })
  },
  conclude: (world, process, _outcome, child) => hear(world, process, { type: 'concluded', child }),
  verdict: (world, process, outcome) =>
    hear(world, process, outcome === 'commit' ? { type: 'commit' } : { type: 'undo', reason: 'another worker failed' }),
  launcher: (world, process, _outcome, ask) => report(world, process, [ask], 'success'),
  drain: (world, process, outcome) => hear(world, process, { type: 'drained', cut: outcome === 'cut' }),
  'close apps': (world, process, outcome) =>
    hear(world, process, { type: 'apps closed', failed: outcome === 'closed badly' }),
  'own close': (world, process) => hear(world, process, { type: 'last app closed' })
}

/** Others have ended a reload that this process had asked them for. */
export function report(world: World, process: Process, asks: readonly Ask[], outcome: Outcome): void {
  world.reported = outcome
  for (const ask of asks) hear(world, process, { type: 'answered', ask })
  world.reported = undefined
}
