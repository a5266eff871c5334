import type { MemoryStatus } from './reports.js'

/** That of this process. */
export function memoryStatus(): MemoryStatus {
  const { rss, heapUsed } = process.memoryUsage()
  return { rss, heapUsed }
}
