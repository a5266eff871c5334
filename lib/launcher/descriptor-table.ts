import { readFileSync } from 'node:fs'

/** With how many slots each process begins: https://github.com/torvalds/linux/blob/v6.12/include/linux/fdtable.h */
const FIRST_SIZE = 64

/** What a start takes above the number for a moment: libuv moves out of the way what would be replaced. */
const ROOM = 64

/** From here on, the list of what a child gets at which number would itself take too long. */
const HIGHEST = 16_384

/**
 * A descriptor at this number makes the table of a new process as large as the one of the process whose connections it
 * will take over; undefined where the table is small, or there is no /proc.
 *
 * When a table is full, the kernel makes it twice as large, and a process with several threads, as each of Node, stands
 * still until all processors have passed a certain point (`synchronize_rcu` in
 * https://github.com/torvalds/linux/blob/v6.12/fs/file.c, `expand_fdtable`). What a plain server starts has a copy of
 * its table. A launcher's is small.
 *
 * @param taken - numbers that the child finds something else at
 */
export function spareDescriptor(pid: number, taken: readonly number[]): number | undefined {
  const slots = numberIn(`/proc/${pid}/status`, /^FDSize:\s+(\d+)$/m)
  if (slots <= FIRST_SIZE) return undefined
  // A table has an upper half because a number in it was needed.
  let number = Math.min(slots / 2, HIGHEST)
  while (taken.includes(number)) number += 1
  return number + ROOM < openFilesLimit() ? number : undefined
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
