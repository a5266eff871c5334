import type {
  ControlFailure,
  ControlStatus,
  ControlStop,
  ProcessStatus,
  ReloadPosition,
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
  const { launcher, workers } = answer.status
  const rows = workers.map(statusRows)
  if (launcher === null) return blocks(rows)
  const own: Row[] = [
    ['launcher', String(launcher.pid)],
    ['uptime', seconds(launcher.uptime)]
  ]
  return blocks([own, ...rows])
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
  if (reload.role === 'child') return `on probation; process ${reload.parent} would come back`
  const { reason, elapsed, child, migrated, health } = reload
  const moved = child === undefined ? '' : `, child ${child}, ${migrated} connections moved`
  return `${reason}, for ${elapsed} ms${moved}${health === undefined ? '' : `, errors: ${describeHealth(health)}`}`
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
    ...(probation === undefined ? [] : [`${shortly(probation.elapsed)} of ${shortly(probation.duration)} s`]),
    ...(probation === undefined || migrated === undefined || remaining === undefined
      ? []
      : [`${migrated} of ${migrated + remaining} connections moved`])
  ]
  return `${printable(parts.join(', '))}\n`
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
