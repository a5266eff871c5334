/** With which codes a reload that has begun can fail, as far as this release knows. */
export const RELOAD_CODES: readonly string[] = [
  'GRACEFUL_ERR_BAD_HANDOFF',
  'GRACEFUL_ERR_CHILD_EXITED',
  'GRACEFUL_ERR_NOT_LISTENING',
  'GRACEFUL_ERR_OUTCOME_UNKNOWN',
  'GRACEFUL_ERR_PATH_LOST',
  'GRACEFUL_ERR_PATH_TAKEN',
  'GRACEFUL_ERR_READY_TIMEOUT',
  'GRACEFUL_ERR_ROLLED_BACK',
  'GRACEFUL_ERR_SPAWN_FAILED',
  'GRACEFUL_ERR_STATE',
  'GRACEFUL_ERR_STOPPING',
  'GRACEFUL_ERR_UNSUPPORTED',
  'GRACEFUL_ERR_VETOED'
]

/** Stands for all others, and for what an earlier release has counted without a code. */
export const OTHER_CODE = 'other'

/** How often each code was the reason of a failure; all codes are there, so that a first failure is an increase. */
export function countsByCode(
  codes: Readonly<Record<string, number>>,
  failures: number
): Array<[code: string, count: number]> {
  const known = RELOAD_CODES.map((code): [string, number] => [code, codes[code] ?? 0])
  const others = failures - known.reduce((all, [, count]) => all + count, 0)
  return [...known, [OTHER_CODE, Math.max(others, 0)]]
}
