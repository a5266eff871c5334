import type { ChildRole } from '../reload/child-role.js'
import type { Conclusion } from '../reload/conclusion.js'
import type { ParentRole } from '../reload/parent-role.js'
import type { ServerCallers } from './callers.js'
import type { ServerHost } from './server-host.js'
import type { Service } from './service.js'
import type { Shutdown } from './shutdown.js'

/** How a process ends. */
export interface End {
  readonly code: 0 | 1
  /** Whether it exits, as it does unless it is the last app that has closed. */
  readonly exits: boolean
  readonly reason: string
}

/** The parts of a process that effects are carried out by. */
export interface Parts {
  readonly host: ServerHost
  readonly service: Service
  readonly shutdown: Shutdown
  readonly callers: ServerCallers
  readonly asParent: ParentRole
  readonly conclusion: Conclusion
  readonly asChild: ChildRole | undefined
  /** This process serves. */
  serves(): void
  /** Nothing is left to do. */
  ended(end: End, error: Error | undefined): void
  /** The process ends now. `code` undefined: with that of its end. */
  exit(code: 0 | 1 | undefined): void
}
