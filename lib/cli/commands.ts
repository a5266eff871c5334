import type { Question } from '../control/client.js'
import type {
  ControlCheckLine,
  ControlReloadLine,
  ControlScaleLine,
  ControlStatus,
  ControlStop
} from '../control/messages.js'
import type { ScaleResult } from '../control/reports.js'
import { MOST_WORKERS } from '../protocol/worker-count.js'
import type { CheckResult } from '../reload/check-result.js'
import type { ReloadResult } from '../reload/reload-result.js'
import { describeCheck } from './describe-check.js'
import { describeResult, describeScale } from './describe-reload.js'
import { describeStatus } from './describe-status.js'
import type { CommandOption } from './options.js'
import type { Paint } from './paint.js'
import { blocks } from './rows.js'

/** An answer, or the last line of one, that is no error. */
export type Answer = ControlStatus | ControlStop | ControlReloadLine | ControlCheckLine | ControlScaleLine

/** What was given to a command. */
export interface Given {
  readonly reason: string
  /** Empty for a command without an argument. */
  readonly argument: string
}

/** An argument of a command without the name of an option. */
export interface Argument {
  /** As the usage calls it. */
  readonly name: string
  /** How it looks: also a number that begins with a dash is no option then. */
  readonly pattern: RegExp
  /** The largest number that it can be. */
  readonly most: number
  /** What it must be, as the end of "must be". */
  readonly expected: string
  /** What the shell offers. */
  readonly examples: readonly string[]
}

/** A command that asks a running process. One more is an entry in {@link COMMANDS}; everything else is made of that. */
export interface Command {
  /** What it does, in a line of the usage. */
  readonly summary: string
  readonly argument?: Argument
  /** Those that it has besides `--control`, `--timeout`, `--json` and `--help`. */
  readonly options: readonly CommandOption[]
  /**
   * How long to wait for the whole answer, unless `--timeout` says otherwise. Milliseconds; undefined: for as long as
   * lines come.
   */
  readonly timeout: number | undefined
  /** The request that the command makes. */
  question(given: Given): Question
  /** What `--json` prints; undefined: the last line is not the outcome, which is unknown then. */
  answerOf(last: Answer): object | undefined
  /** The same for people. */
  describe(answer: object, paint: Paint): string
  /** What to say to somebody who does not want to wait any longer. */
  readonly interrupted?: string
}

/** How long a process may take to answer what it can answer at once. Milliseconds. */
const AT_ONCE = 5_000

/** All of them, those that are used most first. */
export const COMMANDS = {
  status: command<ControlStatus>({
    summary: 'shows what the server is doing',
    options: ['watch'],
    timeout: AT_ONCE,
    question: () => ({ method: 'GET', path: '/status' }),
    answerOf: (last) => ('launcher' in last ? last : undefined),
    describe: (answer, paint) => describeStatus(answer, paint)
  }),
  reload: command<ReloadResult>({
    summary: 'reloads the server, and waits until the reload is over',
    options: ['reason', 'progress', 'no-progress'],
    timeout: undefined,
    question: ({ reason }) => {
      return {
        method: 'POST',
        path: '/reload',
        body: { reason },
        unknown: '; whether it reloads is unknown, see its status',
        work: 'the reload'
      }
    },
    answerOf: (last) => ('result' in last ? (last.result as ReloadResult) : undefined),
    describe: (result, paint) => describeResult(result, paint),
    interrupted: 'the reload goes on: see fastify-graceful-reload status'
  }),
  check: command<CheckResult>({
    summary: 'checks whether a reload would succeed, and changes nothing',
    options: ['reason', 'progress', 'no-progress'],
    timeout: undefined,
    question: ({ reason }) => {
      return {
        method: 'POST',
        path: '/check',
        body: { reason },
        unknown: '; how the check ended is unknown',
        work: 'the check'
      }
    },
    answerOf: (last) => ('result' in last ? (last.result as CheckResult) : undefined),
    describe: (result, paint) => describeCheck(result, paint),
    interrupted: 'the check goes on, and changes nothing'
  }),
  scale: command({
    summary: 'sets the number of workers to N, or changes it by +1 or -1',
    argument: {
      name: '<+1|-1|N>',
      pattern: /^[+-]?[1-9]\d*$/,
      most: MOST_WORKERS,
      expected:
        `a number of workers, from 1 to ${MOST_WORKERS}, or a change such as +1 or -1 ` +
        '(to end the service, use stop)',
      examples: ['+1', '-1']
    },
    options: ['reason', 'progress', 'no-progress'],
    timeout: undefined,
    question: ({ reason, argument }) => {
      return {
        method: 'POST',
        path: '/workers',
        body: { workers: /^\d/.test(argument) ? Number(argument) : argument, reason },
        unknown: '; whether the number of workers changes is unknown, see its status',
        work: 'the change of the number of workers'
      }
    },
    answerOf: (last) => ('result' in last && 'before' in last.result ? (last.result as ScaleResult) : undefined),
    describe: (result) => describeScale(result),
    interrupted: 'the change goes on: see fastify-graceful-reload status'
  }),
  stop: command<ControlStop>({
    summary: 'tells the server to stop, and does not wait for its end',
    options: ['reason'],
    timeout: AT_ONCE,
    question: ({ reason }) => {
      return {
        method: 'POST',
        path: '/stop',
        body: { reason },
        unknown: '; whether it stops is unknown, see its status'
      }
    },
    answerOf: (last) => ('stopping' in last ? last : undefined),
    describe: ({ stopping }) => blocks([[['stopping', `pid ${stopping.pid}`]]])
  })
} as const satisfies Record<string, Command>

/** Those that ask nobody. */
export const LOCAL_COMMANDS = {
  help: { summary: 'prints the usage of a command', argument: '<command>' },
  completion: { summary: 'prints the completion script for a shell', argument: 'bash|zsh|fish' }
} as const

export type LocalName = keyof typeof LOCAL_COMMANDS

export function isLocal(name: string | undefined): name is LocalName {
  return name !== undefined && Object.hasOwn(LOCAL_COMMANDS, name)
}

export type CommandName = keyof typeof COMMANDS

export function isCommand(name: string | undefined): name is CommandName {
  return name !== undefined && Object.hasOwn(COMMANDS, name)
}

interface Typed<A extends object> extends Omit<Command, 'answerOf' | 'describe'> {
  answerOf(last: Answer): A | undefined
  describe(answer: A, paint: Paint): string
}

/** Forgets the type of the answer, which only the two methods of an entry need to agree on. */
function command<A extends object>(entry: Typed<A>): Command {
  return entry as Command
}
