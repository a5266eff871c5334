import type { ProcessStatus } from '../control/reports.js'
import type { Family, Sample } from './exposition.js'
import type { Load } from './load.js'
import { countsByCode } from './reload-codes.js'
import type { MetricsReport, WorkerReport } from './report.js'

/** The versions of the process that answers. */
export interface Versions {
  readonly plugin: string | null
  readonly node: string
}

/** All phases, in the order of a life, each as the value of a label. */
const PHASES: Readonly<Record<ProcessStatus['phase'], string>> = {
  starting: 'starting',
  serving: 'serving',
  reloading: 'reloading',
  'handed over': 'handed_over',
  'lame duck': 'lame_duck',
  draining: 'draining',
  closed: 'closed',
  'no answer': 'no_answer',
  ended: 'ended'
}

const PREFIX = 'fastify_graceful_'

/** All metrics of a service. docs/control.md has them in a table. */
export function familiesOf(report: MetricsReport, { plugin, node }: Versions): Family[] {
  const build = [{ labels: { version: plugin ?? '', node }, value: 1 }]
  return [
    gauge('build_info', 'The versions of fastify-graceful-reload and of Node.js in the process that answers.', build),
    ...processFamilies(report),
    ...reloadFamilies(report),
    ...workFamilies(report)
  ]
}

function processFamilies({ workers, wanted, draining }: MetricsReport): Family[] {
  const each = (numberOf: (status: ProcessStatus) => number) => perWorker(workers, ({ status }) => numberOf(status))
  return [
    gauge('workers', 'The wanted number of workers.', [{ value: wanted }]),
    gauge(
      'worker_up',
      'Whether the server of a worker answers.',
      each((status) => Number(isUp(status)))
    ),
    gauge(
      'generation',
      'The generation of the server of a worker: one more than the number of reloads before it.',
      each(({ generation }) => generation)
    ),
    gauge('release_info', 'What the server of a worker has loaded.', workers.flatMap(releaseOf)),
    gauge('phase', '1 for the phase of the server of a worker, 0 for all other phases.', workers.flatMap(phasesOf)),
    gauge(
      'start_time_seconds',
      'Start time of the server of a worker, since the epoch.',
      perWorker(workers, ({ started }) => Math.round(started) / 1000)
    ),
    gauge('draining_processes', 'Processes that no longer accept and only finish their work.', [{ value: draining }])
  ]
}

function reloadFamilies({ isReloading, history }: MetricsReport): Family[] {
  const { succeeded, failed, rolledBack, restarts, codes, last } = history
  const outcomes = Object.entries({ succeeded, failed, rolled_back: rolledBack })
  const byCode = countsByCode(codes, failed + rolledBack)
  const timings = Object.entries(last?.timings ?? {})
  return [
    gauge('reload_in_progress', 'Whether a reload is in progress.', [{ value: Number(isReloading) }]),
    gauge('last_reload_successful', 'Whether the last reload succeeded; no value before the first reload.', [
      ...(last === null ? [] : [{ value: Number(last.outcome === 'succeeded') }])
    ]),
    gauge('last_reload_timestamp_seconds', 'Time when the last reload ended, since the epoch.', [
      ...(last === null ? [] : [{ value: (Date.parse(last.began) + Math.round(last.timings.total)) / 1000 }])
    ]),
    gauge(
      'last_reload_duration_seconds',
      'Duration of the last reload, in total and by step.',
      // To a microsecond: a division by a thousand alone leaves digits that mean nothing.
      timings.map(([step, value]) => ({ labels: { step }, value: Math.round(value * 1000) / 1_000_000 }))
    ),
    counter(
      'reloads_total',
      'Finished reloads, by outcome.',
      outcomes.map(([outcome, value]) => ({ labels: { outcome }, value }))
    ),
    counter(
      'reload_failures_total',
      'Failed and rolled-back reloads, by error code.',
      byCode.map(([code, value]) => ({ labels: { code }, value }))
    ),
    counter('restarts_total', 'Restarts of a server after a crash, by the launcher.', [{ value: restarts }])
  ]
}

function workFamilies(report: MetricsReport): Family[] {
  const { counts } = report
  return [
    gauge('connections', 'Open connections of clients.', perRole(report, 'connections')),
    gauge(
      'upgraded_connections',
      'Open client connections that have switched to another protocol, such as WebSocket.',
      perRole(report, 'upgraded')
    ),
    gauge('requests_in_flight', 'Requests whose answer is not complete.', perRole(report, 'requests')),
    gauge('holds', 'Background work that a drain waits for.', perRole(report, 'holds')),
    counter('connections_opened_total', 'Connections opened by clients.', [{ value: counts.opened }]),
    counter('connections_closed_total', 'Connections that have ended, not counting those that moved.', [
      { value: counts.closed }
    ]),
    counter('connections_moved_total', 'Moves of a connection to another generation.', [{ value: counts.moved }]),
    counter('forced_requests_total', 'Requests that a drain has cut off.', [{ value: counts.forcedRequests }]),
    counter('forced_holds_total', 'Background work that a drain has cut off.', [{ value: counts.forcedHolds }])
  ]
}

function gauge(name: string, help: string, samples: readonly Sample[]): Family {
  return { name: PREFIX + name, type: 'gauge', help, samples }
}

function counter(name: string, help: string, samples: readonly Sample[]): Family {
  return { name: PREFIX + name, type: 'counter', help, samples }
}

function isUp({ phase }: ProcessStatus): boolean {
  return phase !== 'no answer' && phase !== 'ended'
}

function perWorker(workers: readonly WorkerReport[], numberOf: (worker: WorkerReport) => number): Sample[] {
  return workers.map((worker) => ({ labels: { worker: String(worker.worker) }, value: numberOf(worker) }))
}

function perRole({ workers, removed }: MetricsReport, name: keyof Load): Sample[] {
  const sample = (worker: string, role: string, load: Load) => ({ labels: { worker, role }, value: load[name] })
  const known = workers.flatMap(({ worker, serving, draining }) => [
    ...(serving === undefined ? [] : [sample(String(worker), 'serving', serving)]),
    sample(String(worker), 'draining', draining)
  ])
  return [...known, ...(removed === undefined ? [] : [sample('', 'draining', removed)])]
}

function releaseOf({ worker, status: { release } }: WorkerReport): Sample[] {
  if (release === undefined) return []
  const { script = '', directory, version = '', node } = release
  return [{ labels: { worker: String(worker), script, directory, version, node }, value: 1 }]
}

function phasesOf({ worker, status }: WorkerReport): Sample[] {
  return Object.entries(PHASES).map(([phase, label]) => {
    const labels = { worker: String(worker), phase: label }
    return { labels, value: Number(phase === status.phase) }
  })
}
