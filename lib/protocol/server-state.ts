/** What one server process knows: the state of the machine in `server.ts`. */

/** A caller that waits for the outcome of a reload. */
export type Ask = number

/** A child of this process, in the order in which they were started. */
export type ChildId = number

/** A reload that was requested. Several callers can share one. */
export interface Reload {
  readonly reason: string
  readonly asks: readonly Ask[]
  /** It is one of several that a launcher makes: it succeeds only if the launcher says so. */
  readonly supervised: boolean
}

/** Why a process leaves. Only the first two mean the whole service. */
export type Cause = 'asked' | 'app closes' | 'error' | 'reloaded' | 'rolled back'

/** The end of the service, or of this process, was requested. */
export interface Stop {
  readonly reason: string
  readonly cause: Exclude<Cause, 'reloaded' | 'rolled back'>
  /** Whether to go on accepting for a while before draining. */
  readonly lameDuck: boolean
}

/** Why a reload failed. Errors that other code threw are passed on unread. */
export type Failure =
  | { readonly kind: 'vetoed' | 'not started' | 'bad handoff' | 'no state'; readonly error: unknown }
  | { readonly kind: 'exited' | 'late' }
  | { readonly kind: 'rolled back'; readonly how: string }
  | { readonly kind: 'stopping'; readonly reason: string }
  /** Of a check: something more important was requested. */
  | { readonly kind: 'cancelled'; readonly reason: string }

/** The state of a server process. */
export type Place =
  /** The first generation, before its apps listen. `opened`: some server of them does already. */
  | { readonly name: 'booting'; readonly opened: boolean }
  /**
   * The child of a reload before it serves. `orphan`: its parent is gone, so it serves as soon as it can. `isSettled`:
   * its parent has let it take over, and will not serve again. `isCheck`: it is the child of a check, and never serves.
   */
  | {
      readonly name: 'successor'
      readonly stage: 'booting' | 'ready' | 'loading'
      readonly orphan: boolean
      readonly isSettled: boolean
      readonly isCheck: boolean
    }
  /**
   * The child of a reload while its parent may still take over again.
   *
   * - `checking`: its parent wants to know whether it serves for good, and the process asks its apps.
   * - `confirmed`: it has said that it serves for good; only its parent can take that back.
   * - `giving back`: it serves until the parent has taken the service back. `leaves`: it cannot go on whatever the
   *   answer.
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
  /** Serving, while a child is started and boots. */
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
      /**
       * Why the reload was undone at such a moment: this waits as well, as a child that is killed loses what it has
       * accepted.
       */
      readonly undone: string | undefined
    }
  /**
   * Serving, while a child shows whether it could take over. It never does.
   *
   * - `trying`: the child loads a copy of the state.
   * - `ending`: it has shown what there was to show, and has the order to end.
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
  /** Leaving. */
  | {
      readonly name: 'leaving'
      /** `telling`: the child serves for good; the hooks and the service manager learn it before the drain begins. */
      readonly stage: 'telling' | 'lame duck' | 'draining' | 'closing' | 'waiting'
      readonly reason: string
      readonly cause: Cause
      /** Whether work was cut off, or an app did not close: the exit code is 1 then. */
      readonly failed: boolean
      /** The child of the last reload has the order to stop, or is being killed; it must end first. */
      readonly awaitsChild: boolean
      /** The parent of this process must end first. */
      readonly awaitsParent: boolean
      /** The child that this process has handed over to. */
      readonly child: ChildId | undefined
      /** That child has the message that it serves for good. */
      readonly hasSettled: boolean
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
  /** The one reload that follows the present one, for any number of requests. */
  readonly queued: Reload | undefined
  /** Callers that get their answer from the child or the launcher. */
  readonly elsewhere: readonly Ask[]
  /** Reloads that have ended, while the hooks and the service manager still learn it. */
  readonly telling: readonly Telling[]
  /** How many reloads have begun, each with a child of its own. */
  readonly children: number
  /** Whether the parent of this process lives, if there was one. */
  readonly parent: 'none' | 'alive' | 'gone'
}
