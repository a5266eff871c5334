import type { PlainError } from '../errors.js'
import type { Ending } from '../process/subprocess.js'
import type { ReloadResult } from '../reload/reload-result.js'
import type { Ask, ScaleRequest, ServerId } from './launcher-state.js'

/** What the machine of a launcher hears. Durations are not part of it: the host knows how long each {@link Timer} is. */

/** What a server says. */
export type Word =
  /** `boots`: it has said how long it may take to be ready. */
  | { readonly type: 'hello' | 'boots' | 'listening' | 'pong' | 'handed over' | 'passed' }
  | { readonly type: 'serves'; readonly ownSignals: boolean }
  | { readonly type: 'leaves'; readonly isError: boolean }
  /** It wants a successor; `child` is its number for it. */
  | { readonly type: 'start child'; readonly child: number }
  /** It gives the service back to its parent. */
  | { readonly type: 'roll back' }
  | { readonly type: 'reload made'; readonly result: ReloadResult }
  | { readonly type: 'reload failed'; readonly error: PlainError }
  /** Its child, which was to serve for good, is not well. */
  | { readonly type: 'unwell'; readonly error: PlainError }

/** The waits that have a limit; each belongs to the server, the worker or the launcher that is named with it. */
export type Timer =
  /** The pause before a worker starts its next server. */
  | 'restart'
  /** What a worker owes in a reload. */
  | 'share'
  /** A server boots, after the service has served; longer after each crash, as the machine may be slow. */
  | 'boot'
  /** A server that runs for so long did not crash soon after its start. */
  | 'steady'
  /** The end of a server that was told to stop, that is forced, that was killed. */
  | 'stop'
  | 'force'
  | 'kill'
  /** A server does not answer. */
  | 'silence'
  /** No new listener must come for so long before the other workers start: they inherit what is there then. */
  | 'grow'
  /** The service manager is told how a reload ended. */
  | 'tell'
  /** Another number of workers waits for a server that serves. */
  | 'scale'

/** What can happen to a launcher. */
export type Input =
  | { readonly type: 'start' }
  | { readonly type: 'started'; readonly server: ServerId }
  | { readonly type: 'not started'; readonly server: ServerId; readonly error: unknown }
  | { readonly type: 'said'; readonly server: ServerId; readonly word: Word }
  /** A server has ended, and all that it said has been heard. */
  | { readonly type: 'ended'; readonly server: ServerId; readonly ending: Ending }
  /** A server has not answered in time. */
  | { readonly type: 'silent'; readonly server: ServerId }
  | { readonly type: 'reload'; readonly ask: Ask; readonly reason: string }
  | ({ readonly type: 'scale' } & ScaleRequest)
  /** The second one forces. */
  | { readonly type: 'stop'; readonly signal: NodeJS.Signals }
  | { readonly type: 'force'; readonly reason: string }
  /** A signal that means nothing to the launcher. */
  | { readonly type: 'forward'; readonly signal: NodeJS.Signals }
  /** The service manager knows how the reload ended. */
  | { readonly type: 'noted' }
  | { readonly type: 'due'; readonly timer: Timer; readonly id: number }
