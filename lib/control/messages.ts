import type { CheckResult } from '../reload/check-result.js'
import type { ReloadResult } from '../reload/reload-result.js'
import type { ControlFailure } from './failure.js'
import type {
  CheckPosition,
  ProcessStatus,
  ReloadPosition,
  ScalePosition,
  ScaleResult,
  StatusReport
} from './reports.js'

/**
 * What a process answers on the control socket. `control.schema.json` says the same to other programs, and
 * `test/e2e/control/schema.test.ts` compares it with real answers.
 */

/**
 * The version of requests and answers. It changes when something that was there is gone or means something else; what
 * is new in answers changes nothing for those who do not look at it. Version 1 was a line of JSON: see
 * `former-protocol.ts`.
 */
export const CONTROL_VERSION = 2

/** Where it stands in each answer. */
interface Versioned {
  version: typeof CONTROL_VERSION
}

/** The answer to `GET /status`. */
export type ControlStatus = Versioned & StatusReport

/** The answer to `GET /healthz`: 200 if some worker serves, else 503. */
export interface ControlHealth extends Versioned {
  healthy: boolean
  workers: Array<Pick<ProcessStatus, 'generation' | 'pid' | 'phase'> & { healthy: boolean }>
}

/** The answer to `POST /stop`: the process that will stop. It answers before it stops. */
export interface ControlStop extends Versioned {
  stopping: { pid: number; reason: string }
}

/** The answer to a request that the process refused, or that failed before there was anything to report. */
export interface ControlError extends Versioned {
  error: ControlFailure
  /** The requests that exist, if the client made one that does not. */
  requests?: string[]
}

/** What a line of the answer to `POST /reload` reports. The last one is `done` or `failed`. */
export type ReloadEvent =
  | ({ event: 'progress' } & ReloadPosition)
  /** Nothing has changed, and the reload goes on. */
  | { event: 'heartbeat' }
  | { event: 'done'; result: ReloadResult }
  | { event: 'failed'; error: ControlFailure }

/** A line of the answer to `POST /reload`. */
export type ControlReloadLine = Versioned & ReloadEvent

/** What a line of the answer to `POST /check` reports. The last one is `done` or `failed`. */
export type CheckEvent =
  | ({ event: 'progress' } & CheckPosition)
  /** Nothing has changed, and the check goes on. */
  | { event: 'heartbeat' }
  | { event: 'done'; result: CheckResult }
  | { event: 'failed'; error: ControlFailure }

/** A line of the answer to `POST /check`. */
export type ControlCheckLine = Versioned & CheckEvent

/** What a line of the answer to `POST /workers` reports. The last one is `done` or `failed`. */
export type ScaleEvent =
  | ({ event: 'progress' } & ScalePosition)
  | { event: 'heartbeat' }
  | { event: 'done'; result: ScaleResult }
  | { event: 'failed'; error: ControlFailure }

/** A line of the answer to `POST /workers`. */
export type ControlScaleLine = Versioned & ScaleEvent

/** An answer, or a line of one, as it goes over the wire. */
export function encodeAnswer(answer: object): string {
  return `${JSON.stringify({ version: CONTROL_VERSION, ...answer })}\n`
}
