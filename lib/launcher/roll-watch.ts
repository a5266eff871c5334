import { beganBefore } from '../control/history.js'
import { positionOf, type ReloadPosition } from '../control/reports.js'
import type { Failure, Roll, Turn } from '../protocol/launcher.js'
import type { ReloadStep } from '../protocol/reload-step.js'
import type { RollTimes } from './reload-record.js'
import type { Roster } from './roster.js'
import type { Server } from './server.js'

/** As far as the launcher knows; while a server has its turn, that one knows better. */
const STEPS: Readonly<Record<Turn['stage'], ReloadStep>> = {
  waiting: 'waiting',
  asking: 'preparing',
  making: 'booting',
  'handed over': 'probation',
  passed: 'confirming',
  killing: 'preparing',
  restarting: 'booting',
  restarted: 'confirming',
  closing: 'confirming',
  over: 'confirming'
}

/** The stages in which a server can report how far its reload is. */
const TOLD: ReadonlySet<Turn['stage']> = new Set(['making', 'handed over', 'passed'])

/** Reports how far the reload of all workers is. */
export class RollWatch {
  readonly #roster: Roster
  #begun = 0
  #generation = 0

  constructor(roster: Roster) {
    this.#roster = roster
  }

  /** A reload begins. */
  begin(): void {
    this.#begun = performance.now()
    // When it ends, the server that was started for it may be the current one.
    this.#generation = (this.#roster.current[0]?.lasting.generation ?? 0) + 1
  }

  /** What is remembered of the reload in progress if it ends now. */
  get times(): RollTimes {
    const { elapsed } = this
    return { generation: this.#generation, began: beganBefore(elapsed), total: elapsed }
  }

  /** The callers of the reload in progress: another list for each reload. */
  get id(): unknown {
    return this.#roster.roll?.asks
  }

  /** The position of the worker whose turn it is. */
  get position(): Promise<ReloadPosition | undefined> {
    return this.#positionNow()
  }

  /** For how long it has been in progress. Milliseconds. */
  get elapsed(): number {
    return Math.round(performance.now() - this.#begun)
  }

  async #positionNow(): Promise<ReloadPosition | undefined> {
    const { roll, count } = this.#roster
    const turn = roll && shownOf(roll)
    if (roll === undefined || turn === undefined) return undefined
    const place = count > 1 ? { worker: roll.turns.indexOf(turn) + 1, workers: count } : {}
    const own = { reason: roll.reason, elapsed: this.elapsed, ...place }
    const { failure } = roll
    if (failure !== undefined) return { step: stepOfFailed(roll, failure), ...own }
    const isTold = TOLD.has(turn.stage) && (turn.stage !== 'passed' || turn.isSpoiled)
    const known = isTold ? await positionFrom(this.#roster.find(turn.server)) : undefined
    return { step: stepOf(turn), ...known, ...own }
  }
}

/**
 * How far a server is with its reload. It says so at each step, so that none is missed. The figures of a probation are
 * in its report, and so is all that one of an earlier release says.
 */
async function positionFrom(server: Server | undefined): Promise<ReloadPosition | undefined> {
  const told = server?.reloadPosition
  if (told !== undefined && told.step !== 'probation') return told
  const report = await server?.report()
  return positionOf(report?.status.reload) ?? told
}

/** What is known of a turn without its server, which may have no reload any more when it is about to say so. */
function stepOf({ stage, isSpoiled }: Turn): ReloadStep {
  if (!isSpoiled || !TOLD.has(stage)) return STEPS[stage]
  return stage === 'making' ? 'cancelling' : 'rolling back'
}

/** Of the worker that failed, or is about to say so; else of the one whose turn it is. */
function shownOf({ turns, failure }: Roll): Turn | undefined {
  const failed = failure && turns.find(({ worker }) => worker === failure.worker)
  return failed ?? turns.find(({ isSpoiled, stage }) => isSpoiled && stage !== 'over') ?? turns.at(-1)
}

/** The other workers have come as far as their probation, at least. */
function stepOfFailed({ turns }: Roll, failure: Failure): ReloadStep {
  const isTakenBack = failure.kind === 'said' && failure.error.code === 'GRACEFUL_ERR_ROLLED_BACK'
  return isTakenBack || turns.length > 1 ? 'rolling back' : 'cancelling'
}
