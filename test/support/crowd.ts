import type { Test } from 'tap'
import { HttpConnection } from './connection.js'
import { countFds } from './fds.js'
import { untilTrue } from './tree.js'
import type { Who, Workers } from './workers.js'

/** Many connections that came while only the first worker ran. */
export interface Crowd {
  /** The other workers, which are stopped. */
  others: number[]
  /** The answers to the first request on each connection. */
  answers: Array<Promise<Who>>
  close(): void
}

/** How much more than the average a worker keeps. */
const MOST = 1.25
const SPARE = 4

/** Stops processes for the time of a test: frozen for good, they would outlive one that fails. */
export function freeze(t: Test, { server }: Workers, pids: number[]): void {
  for (const pid of pids) process.kill(pid, 'SIGSTOP')
  t.teardown(() => {
    for (const pid of pids.filter((one) => server.alive().includes(one))) process.kill(pid, 'SIGCONT')
  })
}

/**
 * Opens many connections while only the first worker runs, which therefore accepts them all. Returns when the launcher
 * holds the connections beyond the share of that worker, and the answers to come.
 */
export async function crowd(t: Test, workers: Workers, count: number): Promise<Crowd> {
  const { server, launcher } = workers
  const [, ...others] = workers.of(1) as [number, number, number]
  freeze(t, workers, others)
  const fds = countFds(launcher)
  const target = server.target()
  const connections = await Promise.all(Array.from({ length: count }, () => HttpConnection.open(target)))
  const answers = connections.map(async (one) => JSON.parse((await one.request({ path: '/' })).body) as Who)
  // A test that ends them is not interested in them any more.
  for (const answer of answers) answer.catch(() => {})
  const surplus = count - MOST * (count / workers.count) - SPARE
  await untilTrue(server, 'surplus in the hands of the launcher', () => countFds(launcher) >= fds + 0.8 * surplus)
  const close = () => {
    for (const connection of connections) connection.close()
  }
  return { others, answers, close }
}
