import type { ToLauncher } from '../protocol/launcher-messages.js'

/** A reload that is one of several: each process of a service makes its own, and all of them hold or none does. */
export interface Supervision {
  /** The child serves, on probation. */
  handedOver(): void
  /** The child has outlived its probation. Resolves when the others have come as far, and the parent may leave. */
  passed(): Promise<void>
  /** From here on this process has to leave, whatever becomes of the child: the launcher counts on it. */
  readonly isCommitted: boolean
  /** Resolves, with the reason, when another one has failed: then this one is to be undone. */
  readonly undone: Promise<string>
}

/** The same under a launcher, which says how it ends. */
export class Supervised implements Supervision {
  readonly undone: Promise<string>
  isCommitted = false
  readonly #tell: (message: ToLauncher) => void
  readonly #committed: Promise<void>
  #commit!: () => void
  #undo!: (reason: string) => void

  /** @param tell - says something to the launcher */
  constructor(tell: (message: ToLauncher) => void) {
    this.#tell = tell
    this.#committed = new Promise((resolve) => {
      this.#commit = resolve
    })
    this.undone = new Promise((resolve) => {
      this.#undo = resolve
    })
  }

  handedOver(): void {
    this.#tell({ type: 'handed over' })
  }

  passed(): Promise<void> {
    this.#tell({ type: 'passed' })
    return this.#committed
  }

  commit(): void {
    this.isCommitted = true
    this.#commit()
  }

  undo(reason: string): void {
    this.#undo(reason)
  }
}
