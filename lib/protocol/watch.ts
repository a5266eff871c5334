/**
 * Decides about files that change while somebody works on an app: when the servers reload, and for which files. Editors
 * save in several steps, and several files at once, so a change counts when nothing has followed it for a moment.
 */

/** What has changed so far, and what is in progress. */
export interface Watch {
  /** Files that the system has reported. They are compared with their known contents when no more reports come. */
  readonly touched: readonly string[]
  /** Files that have changed since the last reload began. */
  readonly changed: readonly string[]
  /** One of them is missing or empty, which may be the first half of a save: the wait is longer. */
  readonly isPatient: boolean
  readonly isReloading: boolean
}

/**
 * - `settle`: no more changes for a moment; `patience`: none for a longer one
 * - `limit`: files change all the time
 */
export type WatchTimer = 'settle' | 'patience' | 'limit'

export type WatchInput =
  | { readonly type: 'touched'; readonly path: string }
  | { readonly type: 'due'; readonly timer: WatchTimer }
  /** The answer to `compare`. `partial`: files that had contents, and are missing or empty now. */
  | { readonly type: 'compared'; readonly changed: readonly string[]; readonly partial: readonly string[] }
  /** The reload is over, with any outcome. */
  | { readonly type: 'reloaded' }

export type WatchEffect =
  | { readonly do: 'wait' | 'cancel'; readonly timer: WatchTimer }
  /** Finds out which of them have other contents than before. `isFinal`: a missing or empty file counts as changed. */
  | { readonly do: 'compare'; readonly paths: readonly string[]; readonly isFinal: boolean }
  | { readonly do: 'reload'; readonly paths: readonly string[] }

export type WatchStep = readonly [Watch, readonly WatchEffect[]]

/** Nothing has changed yet. */
export function beginWatch(): Watch {
  return { touched: [], changed: [], isPatient: false, isReloading: false }
}

/** What is done about an input. */
export function stepWatch(watch: Watch, input: WatchInput): WatchStep {
  switch (input.type) {
    case 'touched':
      return touch(watch, input.path)
    case 'due':
      return compare(watch)
    case 'compared':
      return compared(watch, input.changed, input.partial)
    case 'reloaded':
      return reload({ ...watch, isReloading: false })
    default:
      return input satisfies never
  }
}

function touch(watch: Watch, path: string): WatchStep {
  const isFirst = watch.touched.length === 0
  const touched = watch.touched.includes(path) ? watch.touched : [...watch.touched, path]
  // The save goes on, so the longer wait was right.
  const settle: WatchEffect[] = [
    { do: 'cancel', timer: 'patience' },
    { do: 'wait', timer: 'settle' }
  ]
  return [{ ...watch, touched }, isFirst ? [...settle, { do: 'wait', timer: 'limit' }] : settle]
}

function compare(watch: Watch): WatchStep {
  const { touched, isPatient } = watch
  return [watch, [...cancelAll(), { do: 'compare', paths: touched, isFinal: isPatient }]]
}

const TIMERS: readonly WatchTimer[] = ['settle', 'patience', 'limit']

const cancelAll = (): WatchEffect[] => TIMERS.map((timer) => ({ do: 'cancel', timer }))

function compared(watch: Watch, changed: readonly string[], partial: readonly string[]): WatchStep {
  const all = [...new Set([...watch.changed, ...changed])]
  if (partial.length > 0 && !watch.isPatient)
    return [{ ...watch, touched: partial, changed: all, isPatient: true }, [{ do: 'wait', timer: 'patience' }]]
  const settled: Watch = { ...watch, touched: [], changed: all, isPatient: false }
  return watch.isReloading ? [settled, []] : reload(settled)
}

/** While one file is waited for, all changed files wait with it. */
function reload(watch: Watch): WatchStep {
  if (watch.changed.length === 0 || watch.touched.length > 0) return [watch, []]
  return [{ ...watch, changed: [], isReloading: true }, [{ do: 'reload', paths: watch.changed }]]
}
