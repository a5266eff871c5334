import type { PlainError } from '../errors.js'
import type { Ending } from '../process/channel-process.js'
import type { ReachedTimings, ReloadResult } from '../reload/reload-result.js'
import type { Ask, ScaleRequest, ServerId } from './launcher-state.js'

/** The inputs of the machine of a launcher. They have no durations: the host knows how long each {@link Timer} is. */

/** The messages of a server. */
export type Word =
  /** `boots`: it has said how long it may take to be ready. */
  | { readonly type: 'hello' | 'boots' | 'listening' | 'pong' | 'handed over' | 'passed' }
  | { readonly type: 'serves'; readonly ownSignals: boolean }
  | { readonly type: 'leaves'; readonly isError: boolean }
  /** It requests a successor; `child` is its number for it. */
  | { readonly type: 'start child'; readonly child: number }
  /** It gives the service back to its parent. */
  | { readonly type: 'roll back' }
  | { readonly type: 'reload made'; readonly result: ReloadResult }
  | { readonly type: 'reload failed'; readonly error: PlainError; readonly timings?: ReachedTimings | undefined }
  /** Its child, which should serve for good, is not well. */
  | { readonly type: 'unwell'; readonly error: PlainError }

/** The waits that have a limit; each belongs to the server, the worker or the launcher that is named with it. */
export type Timer =
  /** The pause before a worker starts its next server. */
  | 'restart'
  /** What a worker has to do in a reload. */
  | 'turn'
  /** A server boots, after the service has served; longer after each crash, as the machine may be slow. */
  | 'boot'
  /** How long a server must run so that its end does not count as a crash soon after its start. */
  | 'steady'
  /** For the end of a server that stops, is forced, or was killed. */
  | 'stop'
  | 'force'
  | 'kill'
  /** A server does not answer. */
  | 'silence'
  /** Servers got a signal that may mean the end to their app, or not. */
  | 'signal'
  /** How long no new listener may come before the other workers start: they inherit the listeners of that moment. */
  | 'grow'
  /** For the service manager to learn how a reload ended. */
  | 'tell'
  /** A change of the number of workers waits for a server that serves. */
  | 'scale'

/** What can happen to a launcher. */
export type Input =
  | { readonly type: 'start' }
  | { readonly type: 'started'; readonly server: ServerId }
  | { readonly type: 'not started'; readonly server: ServerId; readonly error: unknown }
  | { readonly type: 'said'; readonly server: ServerId; readonly word: Word }
  /**
   * A server has ended, and all its messages have been read. `isRefused`: Node has refused its command line, which no
   * change of a file mends.
   */
  | { readonly type: 'ended'; readonly server: ServerId; readonly ending: Ending; readonly isRefused?: boolean }
  /** A server has not answered in time. */
  | { readonly type: 'silent'; readonly server: ServerId }
  | { readonly type: 'reload'; readonly ask: Ask; readonly reason: string }
  | ({ readonly type: 'scale' } & ScaleRequest)
  /** The second one forces. */
  | { readonly type: 'stop'; readonly signal: NodeJS.Signals }
  | { readonly type: 'force'; readonly reason: string }
  /** A signal that means nothing to the launcher. */
  | { readonly type: 'forward'; readonly signal: NodeJS.Signals }
  /** The service manager knows how a reload ended. `ask`: the first one of that reload. */
  | { readonly type: 'noted'; readonly ask: Ask | undefined }
  | { readonly type: 'due'; readonly timer: Timer; readonly id: number }
