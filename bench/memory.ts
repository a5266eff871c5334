import { readFileSync } from 'node:fs'

/** Resident memory of a process, in bytes. NaN if the system does not report it, or if the process has ended. */
export function residentMemoryOf(pid: number): number {
  if (process.platform !== 'linux') return Number.NaN
  try {
    return Number(/^VmRSS:\s+(\d+) kB/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]) * 1024
  } catch {
    return Number.NaN
  }
}

/** Resident memory of the two processes of a reload, in bytes. */
export interface Pair {
  parent: number
  child: number
}

/** How often is looked. Milliseconds. */
const LOOK_EVERY = 50

/**
 * Looks, from now on, at the memory of two processes; returns what ends that, and returns the moment when both had
 * most.
 */
export function watchMemory(parent: number, child: number): () => Pair {
  let peak: Pair = { parent: Number.NaN, child: Number.NaN }
  const look = () => {
    const now = { parent: residentMemoryOf(parent), child: residentMemoryOf(child) }
    if (!(sum(now) <= sum(peak)) && !Number.isNaN(sum(now))) peak = now
  }
  look()
  const timer = setInterval(look, LOOK_EVERY)
  return () => {
    clearInterval(timer)
    return peak
  }
}

function sum({ parent, child }: Pair): number {
  return parent + child
}
