import { describeError, toError, toPlainError } from '../errors.js'
import type { Phase } from '../protocol/phases.js'
import type { Release } from '../reload/release.js'
import type { ReloadHealth } from '../reload/reload-health.js'
import type { ReloadResult } from '../reload/reload-result.js'
import { BadRequestError } from './errors.js'

/**
 * What a command and a process say to each other on the control socket: one request and one answer, each a line of JSON.
 */

/** The version of requests and answers. Both ends must speak the same one. */
export const CONTROL_VERSION = 1

/** The environment variable with the path of the control socket, for whoever opens it and whoever asks there. */
export const CONTROL_VARIABLE = 'FASTIFY_GRACEFUL_CONTROL'

/** How long a request may be. Bytes. */
export const REQUEST_LIMIT = 16 * 1024

/** How long an answer may be. Bytes. */
export const ANSWER_LIMIT = 4 * 1024 * 1024

/** What is asked. */
export type ControlRequest = { command: 'status' } | { command: 'reload'; reason: string }

export type ControlCommand = ControlRequest['command']

/** What is answered: what was asked for, or why not. */
export type ControlAnswer = { status: StatusReport } | { reload: ReloadResult } | { error: ControlFailure }

/** A reload that is under way, as the process that answers sees it. */
export type ReloadUnderWay =
  /**
   * `child`: its pid, once it has been started; `migrated`: connections that have moved to it; `elapsed`: milliseconds; `health`: what
   * both have answered, by which the child is judged.
   */
  | { role: 'parent'; reason: string; child?: number; migrated: number; elapsed: number; health?: ReloadHealth }
  /** This process serves on probation; if it dies, its parent with this pid comes back. */
  | { role: 'child'; parent: number }

/** What one process says of itself. */
export interface ProcessStatus {
  generation: number
  pid: number
  /** Of a server whose launcher tells of it: that it does not answer, or has ended and will be started again. */
  phase: Phase | 'no answer' | 'ended'
  /** Since the process was started. Milliseconds. */
  uptime: number
  /** The addresses that clients find it at. */
  listeners: string[]
  /** How many connections of clients are open. */
  connections: number
  /** What it has loaded. */
  release?: Release
  /** There while a reload is under way. */
  reload?: ReloadUnderWay
}

/** What a launcher says of itself and of its servers. */
export interface LauncherStatus {
  /** `uptime`: milliseconds. */
  launcher: { pid: number; uptime: number }
  workers: ProcessStatus[]
}

export type StatusReport = ProcessStatus | LauncherStatus

/** An error as it crosses the control socket. */
export interface ControlFailure {
  code: string
  message: string
  statusCode?: number
  /** Of a child that ended. */
  exitCode?: number | null
  signal?: string | null
  /** The last lines of a child that ended. */
  stderr?: string[]
  /** Of a child that was taken back: what it and its parent had answered. */
  health?: ReloadHealth
}

/** A request or an answer as it goes over the wire. */
export function encodeControl(message: ControlRequest | ControlAnswer): string {
  return `${JSON.stringify({ fastifyGracefulControl: CONTROL_VERSION, ...message })}\n`
}

/** @throws {BadRequestError} */
export function decodeRequest(line: string): ControlRequest {
  const { fastifyGracefulControl: version, command, reason } = parseObject(line) ?? {}
  if (version === undefined) throw new BadRequestError(`expected a line of JSON, received ${excerpt(line)}`)
  if (version !== CONTROL_VERSION)
    throw new BadRequestError(`this process speaks version ${CONTROL_VERSION}, received ${excerpt(line)}`)
  if (command === 'status') return { command }
  if (command === 'reload' && typeof reason === 'string') return { command, reason }
  throw new BadRequestError(`expected status, or reload with a reason, received ${excerpt(line)}`)
}

/** The answer to a command, or undefined if the line is none. */
export function decodeAnswer(line: string, command: ControlCommand): ControlAnswer | undefined {
  const { fastifyGracefulControl: version, error, [command]: report } = parseObject(line) ?? {}
  if (version !== CONTROL_VERSION) return undefined
  if (isObject(error) && typeof error.code === 'string' && typeof error.message === 'string')
    return { error: error as unknown as ControlFailure }
  return isObject(report) ? ({ [command]: report } as unknown as ControlAnswer) : undefined
}

/** Reduces anything that was thrown to what a command can tell of it. */
export function toControlFailure(thrown: unknown): ControlFailure {
  const { name, code = name, message: _message, stack: _stack, cause: _cause, ...details } = toPlainError(thrown)
  return { code, message: describeError(toError(thrown)), ...details }
}

/** The beginning of what came, for a message about it. */
export function excerpt(text: string): string {
  return text === '' ? 'nothing' : JSON.stringify(text.length > 60 ? `${text.slice(0, 60)}…` : text)
}

function parseObject(line: string): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(line)
    return isObject(value) ? value : undefined
  } catch {
    return undefined // No JSON; the caller says so, and shows it.
  }
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
