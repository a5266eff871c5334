import type { Ask, ChildWord, ParentWord } from '../../../lib/protocol/server.js'

/** What processes send each other. */

/** How a caller's reload, or check, ended. */
export type Outcome = 'success' | 'failure' | 'stopping' | 'not listening' | 'unknown' | 'no check'

export type ToParent =
  | { readonly type: 'word'; readonly word: ChildWord }
  | { readonly type: 'answered'; readonly asks: readonly Ask[]; readonly outcome: Outcome }
  | { readonly type: 'ended'; readonly how: string; readonly again: string | undefined }

export type ToChild =
  | { readonly type: 'word'; readonly word: ParentWord }
  | { readonly type: 'reload'; readonly ask: Ask | undefined; readonly reason: string }
  | { readonly type: 'gone' }
