import { readFileSync } from 'node:fs'

/** A process of Node begins with this many slots anyway. */
const FIRST_SIZE = 256

/**
 * A descriptor at this number makes the table of a new process as large as the one of the process whose connections it
 * will take over; undefined where the table is small, or there is no /proc.
 *
 * A table grows when it is full, to twice its size, and a process with several threads, as each of Node, then stands
 * still until all processors have passed a certain point, for 5 to 20 ms (`synchronize_rcu` in
 * https://github.com/torvalds/linux/blob/v6.12/fs/file.c, `expand_fdtable`). What a plain server starts has a copy of
 * its table. A launcher's is small.
 */
export function spareDescriptor(pid: number): number | undefined {
  const slots = numberIn(`/proc/${pid}/status`, /^FDSize:\s+(\d+)$/m)
  // The upper half of a table exists because its number was needed.
  const number = slots / 2
  return slots > FIRST_SIZE && number < openFilesLimit() ? number : undefined
}

/** How many descriptors this process may have; what it starts inherits that. */
function openFilesLimit(): number {
  return numberIn('/proc/self/limits', /^Max open files\s+(\d+)/m)
}

/**
 * https://man7.org/linux/man-pages/man5/proc_pid_status.5.html,
 * https://man7.org/linux/man-pages/man5/proc_pid_limits.5.html
 */
function numberIn(file: string, pattern: RegExp): number {
  try {
    return Number(pattern.exec(readFileSync(file, 'utf8'))?.[1] ?? 0)
  } catch {
    return 0 // no /proc, or the process has ended
  }
}
