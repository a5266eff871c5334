/**
 * What one server process knows, hears and does: the types of the machine in `server.ts`. Durations are not part of it: the host
 * knows how long each {@link Timer} is.
 */

/** A caller who waits to hear how a reload ended. */
export type Ask = number

/** A child of this process, in the order in which they were started. */
export type ChildId = number

/** A reload that somebody asked for; several callers can share one. */
export interface Reload {
  readonly reason: string
  readonly asks: readonly Ask[]
  /** It is one of several that a launcher makes: it holds only if the launcher says so. */
  readonly supervised: boolean
}

/** Why a process leaves. Only the first two mean the whole service. */
export type Cause = 'asked' | 'app closes' | 'error' | 'reloaded' | 'rolled back'

/** Somebody asked for the end of the service, or of this process. */
export interface Stop {
  readonly reason: string
  readonly cause: Exclude<Cause, 'reloaded' | 'rolled back'>
  /** Whether to go on accepting for a while before draining. */
  readonly lameDuck: boolean
}

/** Why a reload failed. What was thrown by others is carried along unread. */
export type Failure =
  | { readonly kind: 'vetoed' | 'not started' | 'bad handoff' | 'no state'; readonly error: unknown }
  | { readonly kind: 'exited' | 'late' }
  | { readonly kind: 'rolled back'; readonly how: string }
  | { readonly kind: 'stopping'; readonly reason: string }
  /** Of a check: something that matters more was asked for. */
  | { readonly kind: 'cancelled'; readonly reason: string }

/** Where a server process is. */
export type Place =
  /** The first generation, before its apps listen. `opened`: some server of them does already. */
  | { readonly name: 'booting'; readonly opened: boolean }
  /**
   * The child of a reload before it serves. `orphan`: its parent is gone, so it serves as soon as it can.
   * `isCheck`: it is the child of a check, and never serves.
   */
  | {
      readonly name: 'successor'
      readonly stage: 'booting' | 'ready' | 'loading'
      readonly orphan: boolean
      readonly isCheck: boolean
    }
  /**
   * The child of a reload while its parent may still take over again.
   *
   * - `checking`: its parent wants to know whether it serves for good, and its apps are asked.
   * - `confirmed`: it has said that it serves for good; only its parent can take that back.
   * - `giving back`: it serves until the parent has taken the service back. `leaves`: it cannot go on whatever the answer.
   */
  | {
      readonly name: 'trial'
      readonly stage: 'running' | 'checking' | 'confirmed' | 'giving back'
      readonly reason: string
      readonly leaves: boolean
    }
  | { readonly name: 'serving' }
  /** Serving, until the service manager knows that the reload with this child failed. */
  | { readonly name: 'recovered'; readonly child: ChildId }
  /** Serving, while a child comes to be. */
  | {
      readonly name: 'reloading'
      readonly stage: 'asking hooks' | 'starting' | 'booting' | 'saving' | 'handing over' | 'cancelling'
      readonly reload: Reload
      readonly child: ChildId
      /** Whether the apps have state to hand over; then this process stops accepting before it is saved. */
      readonly saves: boolean
      /** Of a reload that is being cancelled. */
      readonly failure: Failure | undefined
      /** A stop that came when the child may already have accepted connections: it waits for the child's word. */
      readonly stop: Stop | undefined
    }
  /**
   * Serving, while a child shows whether it could take over. It never does.
   *
   * - `trying`: the child loads a copy of the state.
   * - `ending`: it has shown what there was to show, and was told to end.
   * - `killing`: it has to end at once.
   */
  | {
      readonly name: 'checking'
      readonly stage: 'starting' | 'booting' | 'saving' | 'trying' | 'ending' | 'killing'
      readonly check: Reload
      readonly child: ChildId
      /** Whether the apps have state to hand over. */
      readonly saves: boolean
      /** Undefined in a child that ends or is killed: it has passed. */
      readonly failure: Failure | undefined
    }
  /** The child accepts; this process takes over again if the child fails. */
  | {
      readonly name: 'parent'
      readonly stage: 'probation' | 'confirming' | 'passed' | 'undoing' | 'killing'
      readonly reload: Reload
      readonly child: ChildId
      /** Why the child must give up, or is being killed. */
      readonly how: string
    }
  /** On the way out. */
  | {
      readonly name: 'leaving'
      /** `telling`: the child serves for good, and those concerned are told before the drain begins. */
      readonly stage: 'telling' | 'lame duck' | 'draining' | 'closing' | 'waiting'
      readonly reason: string
      readonly cause: Cause
      /** Whether work was cut off, or an app did not close: the exit code is 1 then. */
      readonly failed: boolean
      /** The child of the last reload: told to stop, or being killed; it must end first. */
      readonly awaitsChild: boolean
      /** The parent of this process must end first. */
      readonly awaitsParent: boolean
      /** The child that this process has handed over to. */
      readonly child: ChildId | undefined
    }
  | { readonly name: 'closed' }

/** A reload that has ended. */
export interface Telling {
  readonly child: ChildId
  readonly reload: Reload
}

/** One server process. */
export interface Server {
  readonly at: Place
  /** Whether a launcher is the parent of all generations. It decides when to reload. */
  readonly launched: boolean
  /** The one reload that follows the present one, however many asked for it. */
  readonly queued: Reload | undefined
  /** Callers who get their answer from the child or the launcher. */
  readonly elsewhere: readonly Ask[]
  /** Reloads that have ended, and those concerned are still being told how. */
  readonly telling: readonly Telling[]
  /** How many reloads have begun, each with a child of its own. */
  readonly children: number
  /** Whether the parent of this process lives, if there was one. */
  readonly parent: 'none' | 'alive' | 'gone'
}

/** What the child of this process says. */
export type ChildWord =
  /** It has said how long it may take to be ready. */
  | { readonly type: 'boots' }
  /** It could serve. `error`: what it sent with that is not all that it should have sent. */
  | {
      readonly type: 'ready'
      readonly error?: unknown
      /** It knows that it is checked. One of an earlier release takes itself for the child of a reload. */
      readonly isCheck?: boolean
    }
  /** It could take over what it was given to try. */
  | { readonly type: 'checked' }
  | { readonly type: 'serving' }
  | { readonly type: 'confirmed' }
  | { readonly type: 'roll back'; readonly reason: string }
  | { readonly type: 'stopping'; readonly reason: string }

/** What the parent of this process says. */
export type ParentWord =
  | { readonly type: 'take over' }
  /** Load a copy of the state, as if this was to take over. */
  | { readonly type: 'try' }
  | { readonly type: 'confirm' }
  | { readonly type: 'settled' }
  | { readonly type: 'taken back' }
  | { readonly type: 'give up'; readonly reason: string }
  /** `lameDuck`: whether the child has time to be one; only the child knows. */
  | { readonly type: 'stop'; readonly reason: string; readonly lameDuck: boolean }

/** What a server says to its launcher about a reload that it makes for it. */
export type LauncherWord = 'handed over' | 'passed'

/** The waits that have a limit. */
export type Timer =
  /** For a child to serve, counted from the beginning of the reload (`readyTimeout`, of this process or of the child, whichever is longer). */
  | 'ready'
  /** The probation of the child. */
  | 'probation'
  /** For the child to confirm that it serves. */
  | 'confirm'
  /** For a child that was asked to give up. */
  | 'undo'
  /** For the end of a child that was killed. */
  | 'kill'
  /** For the end of a child that has been checked. */
  | 'end'
  /** For those concerned to be told that a reload failed. */
  | 'tell'
  /** For inherited listeners to be claimed, and for apps to listen, since the last one did. */
  | 'claims'
  /** In a child whose parent is gone: for its apps to listen. */
  | 'boot'
  /** In a child that is ready: for the parent to let it take over. */
  | 'word'
  /** In a child that is to take over: for its state to be loaded. */
  | 'load'
  /** In a child that is asked whether it serves: for its apps to say so. */
  | 'check'
  /** In a child that has confirmed: for the parent to settle it. */
  | 'settle'
  /** In a child that gives the service back: for the parent to take it. */
  | 'give back'
  | 'lame duck'
  /** For the whole way out. */
  | 'stop'

/** What can happen to a server process. */
export type Input =
  /** A server of an app is open, though perhaps not all of them. */
  | { readonly type: 'opened' }
  /** An app listens. Of a successor: whether one does at all, and whether all that is expected has come. */
  | { readonly type: 'progress'; readonly listening: boolean; readonly complete: boolean }
  | {
      readonly type: 'reload'
      readonly ask: Ask | undefined
      readonly reason: string
      /** The launcher asks this process to make its share now. */
      readonly supervised?: boolean
    }
  /** Somebody wants to know whether a reload would succeed. */
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
  | { readonly type: 'saved' }
  | { readonly type: 'not saved'; readonly error: unknown }
  /** The word to take over cannot have reached the child. */
  | { readonly type: 'not sent'; readonly child: ChildId; readonly error: unknown }
  | { readonly type: 'loaded' }
  | { readonly type: 'not loaded'; readonly error: unknown }
  | { readonly type: 'child said'; readonly child: ChildId; readonly word: ChildWord }
  /** The child has ended, and all that it said has been heard. `again`: a reload signal ended it, which is one more request. */
  | { readonly type: 'child ended'; readonly child: ChildId; readonly how: string; readonly again: string | undefined }
  /** The child on probation lives, and must not serve. `isSilent`: it does not answer. */
  | { readonly type: 'unwell'; readonly child: ChildId; readonly isSilent: boolean; readonly how: string }
  | { readonly type: 'parent said'; readonly word: ParentWord }
  | { readonly type: 'parent gone' }
  | { readonly type: 'commit' }
  | { readonly type: 'undo'; readonly reason: string }
  /** The outcome of a reload that somebody else made is known. */
  | { readonly type: 'answered'; readonly ask: Ask }
  /** The service manager knows how the reload with this child ended. */
  | { readonly type: 'noted'; readonly child: ChildId }
  /** All who are concerned know how the reload with this child ended. */
  | { readonly type: 'concluded'; readonly child: ChildId }
  | { readonly type: 'drained'; readonly cut: boolean }
  | { readonly type: 'apps closed'; readonly failed: boolean }
  | { readonly type: 'due'; readonly timer: Timer }

/** What a server process does about it. */
export type Effect =
  | { readonly do: 'wait'; readonly timer: Timer }
  | { readonly do: 'cancel'; readonly timer: Timer }
  | { readonly do: 'warn'; readonly about: Warning; readonly reason: string }
  // Reload requests.
  | { readonly do: 'queue'; readonly reason: string }
  | { readonly do: 'refuse'; readonly asks: readonly Ask[]; readonly why: Refusal; readonly reason: string }
  | { readonly do: 'ask launcher'; readonly ask: Ask | undefined; readonly reason: string }
  | {
      readonly do: 'pass on'
      readonly child: ChildId
      readonly asks: readonly Ask[]
      readonly reason: string
    }
  /** Passes the outcome on that another process has reported. */
  | { readonly do: 'report'; readonly ask: Ask }
  // The parent of a reload.
  | { readonly do: 'ask hooks'; readonly reload: Reload }
  /** The hooks that still run no longer count. */
  | { readonly do: 'stop asking' }
  | { readonly do: 'start child'; readonly child: ChildId }
  /** The child is there, and boots. */
  | { readonly do: 'note child'; readonly child: ChildId; readonly reload: Reload }
  | { readonly do: 'save state'; readonly child: ChildId }
  /** Ends accepting; the sockets stay open. */
  | { readonly do: 'sleep'; readonly child: ChildId }
  /** Accepts again. */
  | { readonly do: 'wake' }
  | { readonly do: 'tell child'; readonly child: ChildId; readonly word: ParentWord }
  | { readonly do: 'kill child'; readonly child: ChildId }
  | { readonly do: 'hand over'; readonly child: ChildId }
  | { readonly do: 'take back' }
  | { readonly do: 'stop moving' }
  | { readonly do: 'tell launcher'; readonly word: LauncherWord }
  /** The child of a reload that is one of several is not well: the launcher takes all of them back, if it is not too late. */
  | { readonly do: 'report unwell'; readonly how: string }
  /** Tells everybody concerned how the reload ended. */
  | {
      readonly do: 'conclude'
      readonly reload: Reload
      readonly child: ChildId
      /** Undefined: it succeeded. */
      readonly failure: Failure | undefined
    }
  | { readonly do: 'answer'; readonly reload: Reload }
  // A check.
  | { readonly do: 'start check'; readonly child: ChildId; readonly check: Reload }
  /** The child is there, and boots. */
  | { readonly do: 'note check'; readonly child: ChildId; readonly check: Reload }
  /** The same as `conclude`, of a check. */
  | {
      readonly do: 'conclude check'
      readonly check: Reload
      readonly child: ChildId
      readonly failure: Failure | undefined
    }
  // The child of a reload.
  /** Sends a duplicate of each listener, and that this process could serve. */
  | { readonly do: 'offer' }
  | { readonly do: 'load state' }
  | { readonly do: 'tell parent'; readonly word: ChildWord }
  /** Accepts on what was inherited. */
  | { readonly do: 'accept' }
  /** Asks the apps whether they are well. */
  | { readonly do: 'check health' }
  /** The service is this process's for good. */
  | { readonly do: 'settle'; readonly orphan: boolean }
  /** The service is the parent's again, and so is what stands for it in the file system. */
  | { readonly do: 'disown' }
  // The service.
  | { readonly do: 'serve' }
  | {
      readonly do: 'leave'
      readonly cause: Cause
      readonly reason: string
      readonly child: ChildId | undefined
      /** The child was told to stop, by somebody else, and is the last to go. */
      readonly childLeads: boolean
    }
  | { readonly do: 'be lame duck'; readonly reason: string }
  | { readonly do: 'drain'; readonly cause: Cause; readonly reason: string }
  /** Nobody comes back to connections that are idle now. */
  | { readonly do: 'hurry' }
  | { readonly do: 'close apps' }
  /** Cuts off what is left. */
  | { readonly do: 'cut'; readonly reason: string }
  /** Nothing is left to do. `exits`: the process ends. */
  | { readonly do: 'close'; readonly reason: string; readonly code: 0 | 1; readonly exits: boolean }

/** Why a reload was refused before it began, or lost. */
export type Refusal = 'not listening' | 'stopping' | 'unknown' | 'no check'

/** What a person should know, though the service goes on. */
export type Warning = 'orphan' | 'silent parent' | 'not taken back' | 'too late'

/** The new state, and what is to be done, in this order. */
export type Step = readonly [Server, readonly Effect[]]
