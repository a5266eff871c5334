import type { ChildWord, ParentWord, Timer } from './server-inputs.js'
import type { Ask, Cause, ChildId, Failure, Reload, Server } from './server-state.js'

/** The effects of the machine of a server process. */

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
  /** Stops accepting; the sockets stay open. */
  | { readonly do: 'sleep'; readonly child: ChildId }
  /** Accepts again. */
  | { readonly do: 'wake' }
  | { readonly do: 'tell child'; readonly child: ChildId; readonly word: ParentWord }
  | { readonly do: 'kill child'; readonly child: ChildId }
  | { readonly do: 'hand over'; readonly child: ChildId }
  | { readonly do: 'take back' }
  | { readonly do: 'stop moving' }
  | { readonly do: 'tell launcher'; readonly word: LauncherWord }
  /**
   * The child of a reload that is one of several is not well: the launcher takes all of them back, if it is not too
   * late.
   */
  | { readonly do: 'report unwell'; readonly how: string }
  /** Reports how the reload ended, to the hooks, the log and the service manager. */
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
  /** Begins to accept on the inherited listeners. */
  | { readonly do: 'accept' }
  /** All that begins with accepting, and that the service can do without. */
  | { readonly do: 'begin trial' }
  /** Asks the apps whether they are well. */
  | { readonly do: 'check health' }
  /** This process serves for good. */
  | { readonly do: 'settle'; readonly orphan: boolean }
  /** The parent serves again, and owns the pid file and the socket paths again. */
  | { readonly do: 'disown' }
  // The service.
  | { readonly do: 'serve' }
  | {
      readonly do: 'leave'
      readonly cause: Cause
      readonly reason: string
      readonly child: ChildId | undefined
      /** The child got the stop, and the child ends last. */
      readonly childLeads: boolean
    }
  | { readonly do: 'be lame duck'; readonly reason: string }
  | { readonly do: 'drain'; readonly cause: Cause; readonly reason: string }
  /** The service ends: idle connections can be closed. */
  | { readonly do: 'hurry' }
  | { readonly do: 'close apps' }
  /** Cuts off what is left. */
  | { readonly do: 'cut'; readonly reason: string }
  /** Nothing is left to do. `exits`: the process ends. */
  | { readonly do: 'close'; readonly reason: string; readonly code: 0 | 1; readonly exits: boolean }
  /** The process ends now. `code` undefined: with that of its end, which it waits for. */
  | { readonly do: 'exit'; readonly code: 0 | 1 | undefined }

/** Why a reload was refused before it began, or lost. */
export type Refusal = 'not listening' | 'stopping' | 'unknown' | 'no check'

/** A warning for the log. The service goes on. */
export type Warning = 'orphan' | 'silent parent' | 'not taken back' | 'too late'

/** The new state, and the effects, in this order. */
export type Step = readonly [Server, readonly Effect[]]

/** The messages of a server to its launcher about a reload. */
export type LauncherWord = 'handed over' | 'passed'
