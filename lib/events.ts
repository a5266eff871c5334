import diagnosticsChannel from 'node:diagnostics_channel'
import type { FastifyBaseLogger } from 'fastify'
import type { GracefulError } from './errors.js'
import type { ReloadResult } from './reload/reload-result.js'

/** A request that a forced drain cut off. */
export interface CutRequest {
  /** HTTP method, or `-` for a connection that is none of HTTP or whose request was not complete. */
  method: string
  /** The path, without its query, which may hold secrets. */
  url: string
  /** For how long it is known to have been under way when it was cut, in milliseconds. */
  age: number
}

/**
 * What is published on `node:diagnostics_channel`, as `fastify-graceful-reload:<event>`, and logged as one line whose
 * object has `graceful: '<event>'`.
 */
export interface GracefulEvents {
  serving: { generation: number; pid: number; listeners: string[] }
  adopted: { key: string; address: string }
  unclaimed: { key: string; address: string }
  'reload-started': { reason: string; child: number }
  'reload-queued': { reason: string }
  'handed-over': { child: number; probation: number }
  'reload-succeeded': { result: ReloadResult }
  'reload-failed': { err: GracefulError; reason: string }
  'rolled-back': { err: GracefulError; reason: string }
  'lame-duck': { reason: string; duration: number }
  draining: { reason: string; connections: number; timeout: number }
  forced: { reason: string; requests: CutRequest[]; holds: string[] }
  closed: { reason: string; pid: number; exitCode: number }
  warning: { warning: string; err?: Error }
}

export type GracefulEvent = keyof GracefulEvents

type Level = 'info' | 'warn' | 'error'

const LINES: { [E in GracefulEvent]: [Level, (data: GracefulEvents[E]) => string] } = {
  serving: ['info', ({ generation, listeners }) => `generation ${generation} serves on ${listeners.join(', ')}`],
  adopted: ['info', ({ address }) => `adopted the listener on ${address}`],
  unclaimed: [
    'warn',
    ({ key, address }) => `closed the inherited listener on ${address}: nobody asked for it ("${key}")`
  ],
  'reload-started': ['info', ({ reason, child }) => `reload (${reason}): started child ${child}`],
  'reload-queued': [
    'info',
    ({ reason }) => `reload (${reason}): another reload is under way, so one more will follow it`
  ],
  'handed-over': [
    'info',
    ({ child, probation }) => `handed over to ${child}, which is on probation for ${probation} ms`
  ],
  'reload-succeeded': [
    'info',
    ({ result }) => `reload succeeded: generation ${result.generation} is process ${result.pid}`
  ],
  'reload-failed': ['error', ({ err }) => `reload failed, nothing has changed: ${err.message}`],
  'rolled-back': ['error', ({ err }) => err.message],
  'lame-duck': [
    'info',
    ({ reason, duration }) => `stop (${reason}): reported as not ready, still accepting for ${duration} ms`
  ],
  draining: ['info', ({ reason, connections }) => `draining (${reason}): ${connections} open connections`],
  forced: [
    'warn',
    ({ reason, requests, holds }) =>
      `drain forced (${reason}), cut off: ${[...requests.map(describe), ...holds.map((name) => `hold "${name}"`)].join(', ') || 'nothing'}`
  ],
  closed: ['info', ({ reason }) => `closed (${reason})`],
  warning: ['warn', ({ warning }) => warning]
}

/** Publishes a transition and logs it, together, here and nowhere else. */
export function announce<E extends GracefulEvent>(log: FastifyBaseLogger, event: E, data: GracefulEvents[E]): void {
  const channel = diagnosticsChannel.channel(`fastify-graceful-reload:${event}`)
  if (channel.hasSubscribers) channel.publish(data)
  const [level, line] = LINES[event]
  log[level]({ graceful: event, ...(data as object) }, line(data))
}

function describe({ method, url, age }: CutRequest): string {
  return `${method} ${url} (${Math.round(age)} ms)`
}
