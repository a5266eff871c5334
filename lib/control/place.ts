import { inspect } from 'node:util'
import { InvalidOptionError } from '../errors.js'
import { groupNumber, HIGHEST_GROUP } from '../util/unix-group.js'
import { unknownOption } from '../util/unknown-option.js'

/** Where the control socket is, and who may use it. */
export interface ControlOptions {
  /**
   * Required. Path of the unix socket.
   *
   * @example
   * path: '/run/app/control.sock'
   */
  path: string
  /**
   * Who may connect, as of `chmod`. It must let its owner in (`0o600`) and nobody outside the group: a client that can
   * connect may send every request, without a password. Default: `0o600`, or `0o660` with a `group`.
   *
   * @example
   * mode: 0o660
   */
  mode?: number
  /**
   * Name or number of a group that the socket belongs to. Default: that of the process.
   *
   * @example
   * group: 'deploy'
   */
  group?: string | number
}

/** The same with its defaults, the group as a number. */
export interface ControlPlace {
  readonly path: string
  readonly mode: number
  readonly group: number | undefined
}

/** Names the control socket where no option does: to the app, to the launcher, and to the commands. */
export const CONTROL_VARIABLE = 'FASTIFY_GRACEFUL_CONTROL'

const OWNER = 0o600
const WITH_GROUP = 0o660
const OTHERS = 0o007

/**
 * Checks the option `control`.
 *
 * @throws {InvalidOptionError}
 */
export function checkControl(value: unknown, name: string): ControlPlace | false | undefined {
  if (value === undefined || value === false) return value
  if (isPath(value)) return { path: value, mode: OWNER, group: undefined }
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    throw new InvalidOptionError(
      name,
      'false, the path of a file, or an object with path, mode and group',
      inspect(value)
    )
  const { path, mode, group, ...others } = value as { [key in keyof ControlOptions]?: unknown }
  for (const other of Object.keys(others)) throw unknownOption(`${name}.${other}`, other, ['path', 'mode', 'group'])
  if (!isPath(path)) throw new InvalidOptionError(`${name}.path`, 'the path of a file', inspect(path))
  return checkPlace({ path, mode, group }, (part, ...what) => new InvalidOptionError(`${name}.${part}`, ...what))
}

/** Makes the error that a part of the option cannot be used. */
type Refuse = (part: 'mode' | 'group', expected: string, received: string) => Error

/**
 * Checks who may use a control socket.
 *
 * @throws what `refuse` makes
 */
export function checkPlace(
  { path, mode, group }: { path: string; mode: unknown; group: unknown },
  refuse: Refuse
): ControlPlace {
  return { path, group: checkGroup(group, refuse), mode: checkMode(mode, group !== undefined, refuse) }
}

function checkMode(mode: unknown, hasGroup: boolean, refuse: Refuse): number {
  if (mode === undefined) return hasGroup ? WITH_GROUP : OWNER
  if (typeof mode !== 'number' || !Number.isInteger(mode) || mode < 0 || mode > 0o777 || (mode & OWNER) !== OWNER)
    throw refuse('mode', 'a number from 0o600 to 0o770 that lets its owner in, such as 0o660', received(mode))
  if ((mode & OTHERS) !== 0)
    throw refuse(
      'mode',
      'one that lets no others in, such as 0o660: every process that can connect can reload the server',
      received(mode)
    )
  return mode
}

function received(mode: unknown): string {
  return typeof mode === 'number' && Number.isInteger(mode) && mode >= 0 ? `0o${mode.toString(8)}` : inspect(mode)
}

function checkGroup(group: unknown, refuse: Refuse): number | undefined {
  if (group === undefined) return undefined
  if (typeof group === 'number' && Number.isInteger(group) && group >= 0 && group <= HIGHEST_GROUP) return group
  if (typeof group === 'string' && /^[^:\s\0]+$/.test(group)) {
    const number = groupNumber(group)
    if (number !== undefined) return number
    throw refuse('group', 'a group of this system', inspect(group))
  }
  throw refuse('group', 'the name or the number of a group', inspect(group))
}

function isPath(value: unknown): value is string {
  return typeof value === 'string' && value !== '' && !value.includes('\0')
}
