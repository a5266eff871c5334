import { setTimeout as pause } from 'node:timers/promises'
import { isAlive } from './fds.js'
import type { TestServer } from './server.js'

/** How often to look, because the end of a process that is not our child causes no event. Milliseconds. */
const INTERVAL = 20

/** Waits until exactly these processes of the tree exist. */
export async function untilLeft(server: TestServer, pids: number[]): Promise<void> {
  const expected = [...pids].sort().join()
  await untilTrue(server, `end of all processes but ${expected}`, () => [...server.alive()].sort().join() === expected)
}

/**
 * Waits until nothing goes on in the tree any more: at most one process is left, it serves, and has nothing to do.
 * Returns the pid, or undefined when none is left.
 */
export async function untilQuiet(server: TestServer): Promise<number | undefined> {
  let pids: number[] = []
  const isAlone = () => {
    pids = server.alive()
    return pids.length === 0 || (pids.length === 1 && isQuiet(server, pids[0] as number))
  }
  for (;;) {
    await untilTrue(server, 'end of all that was in progress', isAlone)
    const [pid] = pids
    if (pid === undefined) return undefined
    if ((await hasHeardAll(server, pid)) && isAlone() && pids[0] === pid) return pid
  }
}

/**
 * Waits until a process has dealt with the signals that were sent to it, and its lines about that have been read: a
 * signal is handled in the turn of its event loop in which it arrives, so before a second round trip. Returns false
 * when it has ended.
 */
export async function hasHeardAll(server: TestServer, pid: number): Promise<boolean> {
  let rounds = 0
  const ask = async () => {
    for (; rounds < 2; rounds += 1) await server.heard(pid)
  }
  ask().catch(() => {}) // It has ended.
  await untilTrue(server, `answer or end of ${pid}`, () => rounds === 2 || !isAlive(pid))
  return rounds === 2
}

/** Waits for a fact that no process reports. */
export async function untilTrue(
  server: TestServer,
  what: string,
  test: () => boolean | Promise<boolean>,
  limit?: number
): Promise<void> {
  const over = new AbortController()
  const poll = async () => {
    while (!(await test()) && !over.signal.aborted) await pause(INTERVAL)
  }
  try {
    await server.waitFor(poll(), what, limit)
  } finally {
    over.abort()
  }
}

/** A process that serves, has no reload to make and does not leave. */
function isQuiet(server: TestServer, pid: number): boolean {
  const own = server.events((line) => line.pid === pid && line.graceful !== undefined).map(({ graceful }) => graceful)
  const begun = own.lastIndexOf('reload-started')
  const ended = Math.max(own.lastIndexOf('reload-failed'), own.lastIndexOf('rolled-back'))
  const isLeaving = own.includes('draining') || own.includes('forced') || own.includes('reload-succeeded')
  return own.includes('serving') && !isLeaving && begun <= ended && own.lastIndexOf('reload-queued') <= begun
}
