import type { Test } from 'tap'
import { checkFresh } from './admin.js'
import { HAS_PROC, isAlive } from './fds.js'
import type { Response } from './http.js'
import type { Line } from './output.js'
import type { TestServer } from './server.js'
import { untilTrue } from './tree.js'

/** The two processes of a reload. */
export interface Kin {
  parent: number
  child: number
}

/** Waits until a reload starts a child that is not among `known`. */
export async function nextChild(server: TestServer, known: number[] = []): Promise<number> {
  const isNext = (line: Line) => line.graceful === 'reload-started' && !known.includes(Number(line.child))
  return Number((await server.event({ what: `child beside ${known}`, test: isNext })).child)
}

/**
 * Checks that a reload has ended in one of its two ways, and not in between: either the child serves and the parent has
 * ended, or the other way round. The caller must have got the right outcome. Returns the pid of the serving process.
 */
export async function checkOutcome(t: Test, server: TestServer, kin: Kin, answer: Response): Promise<number> {
  const hasSucceeded = answer.status === 200
  if (!hasSucceeded) t.match(JSON.parse(answer.body), { code: /^GRACEFUL_ERR_/, statusCode: answer.status })
  const [stayer, leaver] = hasSucceeded ? [kin.child, kin.parent] : [kin.parent, kin.child]
  await untilTrue(server, `end of ${leaver}`, () => !isAlive(leaver))
  await checkStays(t, server, stayer)
  return stayer
}

/** Checks that this process serves and no other one does, and that it is not on its way out. */
export async function checkStays(t: Test, server: TestServer, pid: number): Promise<void> {
  await checkFresh(t, server, pid)
  await server.heard(pid)
  const isLeaving = (line: Line) => line.pid === pid && line.graceful === 'draining'
  t.strictSame(server.events(isLeaving), [], `${pid} stays`)
  if (HAS_PROC) t.strictSame(server.servers(), [pid], 'no other server is left')
}
