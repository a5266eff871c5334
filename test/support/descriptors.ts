import { execFileSync } from 'node:child_process'
import { HAS_PROC, listFds } from './fds.js'

/** Whether a test can take file descriptors away from another process. */
export const CAN_LIMIT = HAS_PROC && isInstalled()

/** Lets a process open only so many file descriptors more. Returns the function that takes it back. */
export function limitFds(pid: number, free: number): () => void {
  const open = listFds(pid)
  const before = prlimit(pid, '--nofile', '--output=SOFT', '--noheadings', '--raw').trim()
  let limit = 0
  // A new descriptor gets the lowest free number, which must be below the limit; higher ones may be open already.
  for (let holes = 0; holes < free; limit++) if (!open.has(limit)) holes += 1
  prlimit(pid, `--nofile=${limit}:`)
  return () => void prlimit(pid, `--nofile=${before}:`)
}

function prlimit(pid: number, ...args: string[]): string {
  return execFileSync('prlimit', ['--pid', String(pid), ...args], { encoding: 'utf8' })
}

function isInstalled(): boolean {
  try {
    execFileSync('prlimit', ['--version'], { stdio: 'ignore' })
    return true
  } catch {
    return false
  }
}
