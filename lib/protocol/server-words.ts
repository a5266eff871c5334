/** What the machine of a server process hears from its parent and its child, and says to its launcher. */

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
