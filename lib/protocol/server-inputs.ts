import type { Ask, ChildId, Stop } from './server-state.js'

/**
 * The inputs of the machine of a server process. They have no durations: the host knows how long each {@link Timer} is.
 */

/** The waits that have a limit. */
export type Timer =
  /**
   * For a child to serve, counted from the beginning of the reload (`readyTimeout`, of this process or of the child,
   * whichever is longer).
   */
  | 'ready'
  /** The probation of the child. */
  | 'probation'
  /** For the child to confirm that it serves. */
  | 'confirm'
  /** For a child that has the order to give up. */
  | 'undo'
  /** For the end of a child that was killed. */
  | 'kill'
  /** For the end of a child that has been checked. */
  | 'end'
  /** The time in which the hooks and the service manager learn that a reload failed. */
  | 'tell'
  /** For inherited listeners to be claimed and apps to listen, counted from the last one. */
  | 'claims'
  /** In a child whose parent is gone: for its apps to listen. */
  | 'boot'
  /** In a child that is ready: for the parent to let it take over. */
  | 'word'
  /** In a child that takes over: for its state to be loaded, and for it to accept. */
  | 'load'
  /** In a child whose parent asks whether it serves: for the answers of its apps. */
  | 'check'
  /** In a child that has confirmed, or has a reload to make after this one: for the parent to settle it. */
  | 'settle'
  /** In a child that gives the service back: for the parent to take it. */
  | 'give back'
  | 'lame duck'
  /** For the whole time of leaving. */
  | 'stop'

/** The messages of the child of this process. */
export type ChildWord =
  /** It has said how long it may take to be ready. */
  | { readonly type: 'boots' }
  /** It could serve. `error`: something that it should have sent with that is missing. */
  | {
      readonly type: 'ready'
      readonly error?: unknown
      /** It knows that it is checked. A child of an earlier release takes itself for the child of a reload. */
      readonly isCheck?: boolean
    }
  /** It could take over. */
  | { readonly type: 'checked' }
  | { readonly type: 'serving' }
  | { readonly type: 'confirmed' }
  | { readonly type: 'roll back'; readonly reason: string }
  | { readonly type: 'stopping'; readonly reason: string }
  /** One more reload was requested of it: this process makes it if the child comes to nothing. */
  | { readonly type: 'reload requested'; readonly reason: string }

/** The messages of the parent of this process. */
export type ParentWord =
  | { readonly type: 'take over' }
  /** Load a copy of the state, as in a takeover. */
  | { readonly type: 'try' }
  | { readonly type: 'confirm' }
  | { readonly type: 'settled' }
  | { readonly type: 'taken back' }
  | { readonly type: 'give up'; readonly reason: string }
  /** `lameDuck`: whether the child has time to be one; only the child knows. */
  | { readonly type: 'stop'; readonly reason: string; readonly lameDuck: boolean }

/** What can happen to a server process. */
export type Input =
  /** A server of an app is open, though perhaps not all of them. */
  | { readonly type: 'opened' }
  /** An app listens. In a successor: whether any app listens, and whether everything expected has come. */
  | { readonly type: 'progress'; readonly listening: boolean; readonly complete: boolean }
  | {
      readonly type: 'reload'
      readonly ask: Ask | undefined
      readonly reason: string
      /** The launcher asks this process for its part of the reload now. */
      readonly supervised?: boolean
    }
  /** A check is requested. */
  | { readonly type: 'check'; readonly ask: Ask; readonly reason: string; readonly saves: boolean }
  | ({ readonly type: 'stop' /** The parent must end before this process. */; readonly awaitsParent: boolean } & Stop)
  | { readonly type: 'force'; readonly reason: string }
  | { readonly type: 'roll back'; readonly reason: string }
  /** The apps of a child say that they are well. */
  | { readonly type: 'healthy' }
  | { readonly type: 'last app closed' }
  /** The preReload hooks allow the reload. */
  | { readonly type: 'approved'; readonly saves: boolean }
  | { readonly type: 'vetoed'; readonly error: unknown }
  | { readonly type: 'started'; readonly child: ChildId }
  | { readonly type: 'not started'; readonly child: ChildId; readonly error: unknown }
  | { readonly type: 'saved'; readonly child: ChildId }
  | { readonly type: 'not saved'; readonly child: ChildId; readonly error: unknown }
  /** The order to take over cannot have reached the child. */
  | { readonly type: 'not sent'; readonly child: ChildId; readonly error: unknown }
  | { readonly type: 'loaded' }
  | { readonly type: 'not loaded'; readonly error: unknown }
  /** This process accepts on all that it has inherited. */
  | { readonly type: 'accepted' }
  | { readonly type: 'not accepted'; readonly error: unknown }
  | { readonly type: 'child said'; readonly child: ChildId; readonly word: ChildWord }
  /**
   * The child has ended, and all its messages have been read. `again`: a reload signal ended it, which is one more
   * request.
   */
  | { readonly type: 'child ended'; readonly child: ChildId; readonly how: string; readonly again: string | undefined }
  /** The child on probation lives, and must not serve. `isSilent`: it does not answer. */
  | { readonly type: 'unwell'; readonly child: ChildId; readonly isSilent: boolean; readonly how: string }
  | { readonly type: 'parent said'; readonly word: ParentWord }
  | { readonly type: 'parent gone' }
  | { readonly type: 'commit' }
  | { readonly type: 'undo'; readonly reason: string }
  /** The outcome of a reload that another process made is known. */
  | { readonly type: 'answered'; readonly ask: Ask }
  /** The service manager knows how the reload with this child ended. */
  | { readonly type: 'noted'; readonly child: ChildId }
  /** The hooks and the service manager know how the reload with this child ended. */
  | { readonly type: 'concluded'; readonly child: ChildId }
  | { readonly type: 'drained'; readonly cut: boolean }
  | { readonly type: 'apps closed'; readonly failed: boolean }
  /**
   * A limit is over. `isCutOff`: what another server says comes through the launcher, and that has stood still
   * meanwhile.
   */
  | { readonly type: 'due'; readonly timer: Timer; readonly isCutOff?: boolean }
