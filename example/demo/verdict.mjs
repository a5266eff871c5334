import { count } from './units.mjs'

/**
 * The end of the demo: whether the clients of the reloaded server have lost anything.
 *
 * @returns lines, which are one sentence
 */
export function verdict({ reload, restart, releases, problems }) {
  if (reload === undefined || restart === undefined) return { lines: ['the servers did not start'], isGood: false }
  const { requests, failures, closed } = reload
  const isGood = failures === 0 && closed === 0 && problems.length === 0
  const ours = `${count(failures)} of ${count(requests)} requests failed in ${releases.length} reloads`
  const cut = closed === 0 ? '' : `, ${count(closed)} connections were cut`
  if (failures === 0 && closed === 0 && !isGood)
    return { lines: [`the demo has failed after ${count(requests)} requests`], isGood }
  return { lines: [`${ours}${cut};`, `the plain restarts lost ${count(restart.failures)}`], isGood }
}
