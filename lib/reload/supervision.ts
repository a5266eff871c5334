import type { ToLauncher } from '../protocol/launcher-messages.js'

/** A reload that is one of several: each process of a service makes its own, and all of them hold or none does. */
export interface Supervision {
  /** The child serves, on probation. */
  handedOver(): void
  /** The child has outlived its probation. */
  passed(): void
  /** Resolves when the others have come as far, and the parent may leave. */
  readonly committed: Promise<void>
  /** Resolves, with the reason, when another one has failed: then this one is to be undone. */
  readonly undone: Promise<string>
}

/** The same under a launcher, which says how it ends. */
export class Supervised implements Supervision {
  readonly undone: Promise<string>
  readonly #tell: (message: ToLauncher) => void
  readonly committed: Promise<void>
  #commit!: () => void
  #undo!: (reason: string) => void

  /** @param tell - says something to the launcher */
  constructor(tell: (message: ToLauncher) => void) {
    this.#tell = tell
    this.committed = new Promise((resolve) => {
      this.#commit = resolve
    })
    this.undone = new Promise((resolve) => {
      this.#undo = resolve
    })
  }

  handedOver(): void {
    this.#tell({ type: 'handed over' })
  }

  passed(): void {
    this.#tell({ type: 'passed' })
  }

  commit(): void {
    this.#commit()
  }

  undo(reason: string): void {
    this.#undo(reason)
  }
}
