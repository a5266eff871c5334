/** The messages of parent and child as inputs of the machine, and its messages to the launcher. */

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

/** The messages of a server to its launcher about a reload. */
export type LauncherWord = 'handed over' | 'passed'
