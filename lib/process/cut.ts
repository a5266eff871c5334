import { ForcedError } from '../errors.js'
import type { CutRequest } from '../events.js'

/** What a drain cut off. Both lists are empty when everything was finished in time. */
export interface Cut {
  requests: CutRequest[]
  holds: string[]
}

export function namesOf({ requests, holds }: Cut): string[] {
  return [...requests.map(({ method, url }) => `${method} ${url}`), ...holds]
}

export function mergeCuts(cuts: Cut[]): Cut {
  return { requests: cuts.flatMap(({ requests }) => requests), holds: cuts.flatMap(({ holds }) => holds) }
}

/** @throws {ForcedError} when anything was cut off */
export function throwIfCut(cut: Cut): void {
  const what = namesOf(cut)
  if (what.length > 0) throw new ForcedError('drainTimeout', what.join(', '))
}

/** Hooks are not work of clients. */
export function withoutHooks({ requests, holds }: Cut): Cut {
  return { requests, holds: holds.filter((name) => !name.endsWith(' hooks')) }
}
