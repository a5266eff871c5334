/** A reload that is one of several: each process of a service makes its own, and all of them hold or none does. */
export interface Supervision {
  /** The child serves, on probation. */
  handedOver(): void
  /** The child has outlived its probation. Resolves when the others have come as far, and the parent may leave. */
  passed(): Promise<void>
  /** Resolves, with the reason, when another one has failed: then this one is to be undone. */
  readonly undone: Promise<string>
}
