/**
 * A connection that has moved to a child on probation, and of which the parent keeps a copy. The child reads from it,
 * and notes a request before it does anything about it. The copy ends with the first of these inputs.
 */

export type KeptInput =
  /** The child has closed it. The client notices when the last copy is closed. */
  | { readonly type: 'closed' }
  /** The parent has taken it back from the child by another copy. */
  | { readonly type: 'given back' }
  /** The child serves for good, or leaves with the parent. */
  | { readonly type: 'settled' }
  /**
   * The child has ended, and this process has read all its messages. `inProgress`: a request has begun and is not
   * answered.
   */
  | { readonly type: 'taker ended'; readonly inProgress: boolean }
  /** The child may live, and read from it. */
  | { readonly type: 'taker out of reach' }

/** `serve`: the parent serves it again. `let go`: the parent closes its copy. */
export function endKept(input: KeptInput): 'serve' | 'let go' {
  switch (input.type) {
    case 'taker ended':
      return input.inProgress ? 'let go' : 'serve'
    case 'closed':
    case 'given back':
    case 'settled':
    case 'taker out of reach':
      return 'let go'
    default:
      return input satisfies never
  }
}
