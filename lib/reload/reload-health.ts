import type { Count } from '../protocol/health.js'

/** What both sides of a reload have answered. `errors`: answers with a status of 500 or more. */
export interface ReloadHealth {
  /** The answers of the parent, since the reload began. */
  parent: Count
  /** The answers of the child, since it accepts. */
  child: Count
}
