import type { Count } from '../protocol/health.js'

/**
 * What both sides of a reload have answered: the parent since the reload began, the child since it accepts. `errors`:
 * answers with a status of 500 or more.
 */
export interface ReloadHealth {
  parent: Count
  child: Count
}
