import { describeError, type GracefulError } from './errors.js'
import type { CheckResult } from './reload/check-result.js'
import { describeRelease, describeSame, type Release } from './reload/release.js'
import type { ReloadResult } from './reload/reload-result.js'

/** A request that a forced drain cut off. */
export interface CutRequest {
  /** HTTP method, or `-` for a connection that is none of HTTP or whose request was not complete. */
  method: string
  /** The path, without its query, which may hold secrets. */
  url: string
  /**
   * For how long it had been in progress when it was cut, in milliseconds. Of a request that had not arrived whole:
   * since the drain began.
   */
  age: number
}

/**
 * What is published on `node:diagnostics_channel`, as `fastify-graceful-reload:<event>`, and logged as one line whose
 * object has `graceful: '<event>'` and the `generation` of the process.
 */
export interface GracefulEvents {
  serving: { generation: number; pid: number; listeners: string[]; release: Release }
  adopted: { key: string; address: string }
  unclaimed: { key: string; address: string }
  'reload-started': { reason: string; child: number }
  'reload-queued': { reason: string }
  'handed-over': { child: number; probation: number }
  'reload-succeeded': { result: ReloadResult }
  'reload-failed': { err: GracefulError; reason: string }
  'rolled-back': { err: GracefulError; reason: string }
  'check-started': { reason: string; child: number }
  'check-succeeded': { result: CheckResult }
  'check-failed': { err: GracefulError; reason: string }
  'lame-duck': { reason: string; duration: number }
  draining: { reason: string; connections: number; timeout: number }
  forced: { reason: string; requests: CutRequest[]; holds: string[] }
  closed: { reason: string; pid: number; exitCode: number }
  /** An error that nobody caught: this process ends. */
  'uncaught-error': { err: Error }
  warning: { warning: string; err?: Error }
}

export type GracefulEvent = keyof GracefulEvents

/** The levels that are used, as Fastify's loggers know them. */
export type Level = 'info' | 'warn' | 'error' | 'fatal'

const LINES: { [E in GracefulEvent]: [Level, (data: GracefulEvents[E]) => string] } = {
  serving: ['info', ({ generation, listeners }) => `generation ${generation} serves on ${listeners.join(', ')}`],
  adopted: ['info', ({ address }) => `adopted the listener on ${address}`],
  unclaimed: [
    'warn',
    ({ key, address }) => `closed the inherited listener on ${address}: no app listens on it ("${key}")`
  ],
  'reload-started': ['info', ({ reason, child }) => `reload (${reason}): started child ${child}`],
  'reload-queued': [
    'info',
    ({ reason }) => `reload (${reason}): another reload is in progress, so one more will follow it`
  ],
  'handed-over': [
    'info',
    ({ child, probation }) => `handed over to ${child}, which is on probation for ${probation} ms`
  ],
  'reload-succeeded': [
    'info',
    ({ result }) =>
      `reload succeeded: generation ${result.generation} is process ${result.pid}${describeChange(result)}`
  ],
  'reload-failed': ['error', ({ err }) => `reload failed, nothing has changed: ${describeError(err)}`],
  'rolled-back': ['error', ({ err }) => describeError(err)],
  'check-started': ['info', ({ reason, child }) => `check (${reason}): started child ${child}, which will not serve`],
  'check-succeeded': [
    'info',
    ({ result }) => `check passed, nothing has changed: process ${result.pid} booted${describeChange(result)}`
  ],
  'check-failed': ['error', ({ err }) => `check failed, nothing has changed: ${describeError(err)}`],
  'lame-duck': [
    'info',
    ({ reason, duration }) => `stop (${reason}): reports that it is not ready, and still accepts for ${duration} ms`
  ],
  draining: [
    'info',
    ({ reason, connections }) => `draining (${reason}): ${connections} open connection${connections === 1 ? '' : 's'}`
  ],
  forced: ['warn', ({ reason, ...cut }) => `drain forced (${reason}), cut off: ${cutOf(cut)}`],
  closed: ['info', ({ reason }) => `closed (${reason})`],
  'uncaught-error': ['fatal', ({ err }) => `an error that nobody caught ends this process: ${err.message}`],
  warning: ['warn', ({ warning }) => warning]
}

/** How an event is logged: its level and its text. */
export function lineOf<E extends GracefulEvent>(event: E, data: GracefulEvents[E]): [level: Level, text: string] {
  const [level, text] = LINES[event]
  return [level, text(data)]
}

function describeChange({ release, unchanged }: Pick<ReloadResult, 'release' | 'unchanged'>): string {
  if (release === undefined) return ''
  const node = release.node === process.version ? '' : `, on Node ${release.node} after ${process.version}`
  return `, ${describeRelease(release)}${unchanged ? `, ${describeSame(release)}` : ''}${node}`
}

function cutOf({ requests, holds }: Pick<GracefulEvents['forced'], 'requests' | 'holds'>): string {
  return [...requests.map(describe), ...holds.map((name) => `hold "${name}"`)].join(', ') || 'nothing'
}

function describe({ method, url, age }: CutRequest): string {
  return `${method} ${url} (${age} ms)`
}
