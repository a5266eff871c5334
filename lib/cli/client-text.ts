import type {
  ControlFailure,
  ControlStatus,
  ControlStop,
  ProcessStatus,
  ReloadHistory,
  ReloadPosition,
  ReloadRecord,
  ReloadUnderWay
} from '../control/messages.js'
import { describeRelease, type Release } from '../reload/release.js'
import type { ReloadHealth } from '../reload/reload-health.js'
import type { ReloadResult } from '../reload/reload-result.js'
import { printable } from '../util/printable.js'

/** What a command tells: what was asked for, or why not. */
export type Answer = { status: ControlStatus } | { reload: ReloadResult } | ControlStop | { error: ControlFailure }

/** What `fastify-graceful-reload --help` prints, and what follows a wrong usage. */
export const USAGE = `usage:
  fastify-graceful-reload [options] [node options] <script> [arguments]   starts a server, and stays
  fastify-graceful-reload reload [options]   reloads a server, and tells how that ended
  fastify-graceful-reload status [options]   tells what a server is doing
  fastify-graceful-reload stop [options]     tells a server to stop, and does not wait for its end
  fastify-graceful-reload --help | --version

options of a start:
  --workers <number>|auto   how many processes; default: 1
  --directory <path>        where the servers are started, wherever links in it lead by then
  --control <path>          opens a control socket; default: FASTIFY_GRACEFUL_CONTROL
  --control-mode <octal>    who may connect to it; default: 600, or 660 with a group
  --control-group <group>   name or number of the group that it belongs to

options of reload, status and stop:
  --control <path>          where to ask; default: FASTIFY_GRACEFUL_CONTROL
  --timeout <ms>            how long to wait; default: for as long as a reload goes on, 5000 for status and stop
  --reason <text>           of reload and stop: for the log of the server
  --progress                of reload: tells on stderr how it goes; default: where that is a terminal
  --json                    prints one JSON object

exit code: 0 done, 1 failed, 2 wrong usage
`

type Row = [name: string, value: string]

/** An answer for people: lines of names and values. */
export function describeAnswer(answer: Exclude<Answer, { error: unknown }>): string {
  if ('stopping' in answer) return blocks([[['stopping', `pid ${answer.stopping.pid}`]]])
  if ('reload' in answer) {
    const { reload } = answer
    return blocks((reload.workers ?? [reload]).map(resultRows))
  }
  return blocks(statusBlocks(answer.status))
}

/** A block for each process; what concerns the service is told of the one that answers. */
function statusBlocks({ launcher, workers, plugin, history }: ControlStatus): Row[][] {
  const own: Row[] = [...(plugin === null ? [] : [['plugin', plugin] as Row]), ...historyRows(history)]
  const rows = workers.map(statusRows)
  if (launcher === null) return rows.map((each) => [...each, ...own])
  return [[['launcher', String(launcher.pid)], ['uptime', seconds(launcher.uptime)], ...own], ...rows]
}

function historyRows({ succeeded, failed, rolledBack, restarts, last }: ReloadHistory): Row[] {
  const counts = [
    `${succeeded} succeeded`,
    ...(failed === 0 ? [] : [`${failed} failed`]),
    ...(rolledBack === 0 ? [] : [`${rolledBack} rolled back`]),
    ...(restarts === 0 ? [] : [`${restarts} restarts after a crash`])
  ]
  return [['reloads', counts.join(', ')], ...(last === null ? [] : [['last', describeRecord(last)] as Row])]
}

function describeRecord({ began, reason, outcome, generation, error, timings }: ReloadRecord): string {
  const { total, ...parts } = timings
  const times = Object.entries(parts).map(([name, duration]) => `${name} ${duration}`)
  const duration = `${total} ms${times.length === 0 ? '' : ` (${times.join(', ')})`}`
  const what = `${began}, ${reason}: generation ${generation} ${outcome} after ${duration}`
  return error === undefined ? what : `${what}: ${error.message} [${error.code}]`
}

/** A failure for people. */
export function describeFailure({ code, message, stderr = [] }: ControlFailure): string {
  const lines = stderr.map((line, index): Row => [index === 0 ? 'stderr' : '', line])
  return `fastify-graceful-reload: ${printable(message)}\n${blocks([[['code', code], ...lines]])}`
}

function resultRows({
  generation,
  pid,
  previous,
  release,
  unchanged,
  migrated,
  reason,
  timings,
  health
}: ReloadResult): Row[] {
  return [
    ['reloaded', `generation ${generation}, pid ${pid}`],
    ['before', `generation ${previous.generation}, pid ${previous.pid}`],
    ...releaseRows(release, unchanged),
    ['connections', `${migrated} moved`],
    ...(health === undefined ? [] : [['errors', describeHealth(health)] as Row]),
    ['boot', `${timings.boot} ms`],
    ['handoff', `${timings.handoff} ms`],
    ['probation', `${timings.probation} ms`],
    ['total', `${timings.total} ms`],
    ['reason', reason]
  ]
}

function statusRows({ generation, pid, phase, uptime, listeners, connections, release, reload }: ProcessStatus): Row[] {
  const rows: Row[] = [
    ['generation', String(generation)],
    ['pid', String(pid)],
    ['phase', phase],
    ['uptime', seconds(uptime)],
    ['listeners', listeners.join(', ')],
    ['connections', String(connections)],
    ...releaseRows(release)
  ]
  return reload === undefined ? rows : [...rows, ['reload', describeReload(reload)]]
}

function releaseRows(release: Release | undefined, unchanged = false): Row[] {
  if (release === undefined) return []
  return [
    ['release', `${describeRelease(release)}${unchanged ? ', unchanged' : ''}`],
    ['node', release.node]
  ]
}

function describeReload(reload: ReloadUnderWay): string {
  if (reload.role === 'child')
    return `on probation, ${spent(reload.probation)}; process ${reload.parent} takes over again if it fails`
  const { reason, step, elapsed, child, migrated, remaining, probation, health } = reload
  const waits = probation === undefined ? '' : `, ${spent(probation)}`
  const moved = child === undefined ? '' : `, child ${child}, ${migrated} of ${migrated + remaining} connections moved`
  return `${reason}, for ${elapsed} ms: ${step}${waits}${moved}${health === undefined ? '' : `, errors: ${describeHealth(health)}`}`
}

/** How a reload goes, in a line. */
export function describeProgress({
  step,
  worker,
  workers,
  child,
  migrated,
  remaining,
  probation
}: ReloadPosition): string {
  const parts = [
    worker === undefined ? step : `worker ${worker} of ${workers}: ${step}`,
    ...(child === undefined ? [] : [`child ${child}`]),
    ...(probation === undefined ? [] : [spent(probation)]),
    ...(probation === undefined || migrated === undefined || remaining === undefined
      ? []
      : [`${migrated} of ${migrated + remaining} connections moved`])
  ]
  return `${printable(parts.join(', '))}\n`
}

function spent({ elapsed, duration }: { elapsed: number; duration: number }): string {
  return `${shortly(elapsed)} of ${shortly(duration)} s`
}

function shortly(duration: number): string {
  return (duration / 1000).toFixed(1)
}

function describeHealth({ parent, child }: ReloadHealth): string {
  return `${child.errors} of ${child.answers} requests (before: ${parent.errors} of ${parent.answers})`
}

function blocks(groups: Row[][]): string {
  const width = Math.max(...groups.flat().map(([name]) => name.length))
  const lines = groups.map((rows) =>
    rows.map(([name, value]) => `${name.padEnd(width)}  ${printable(value)}\n`).join('')
  )
  return lines.join('\n')
}

function seconds(duration: number): string {
  return `${shortly(duration)} s`
}
