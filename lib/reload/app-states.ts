/** What the apps of the parent have saved. */
export interface SavedStates {
  /** In the order of the apps; undefined for an app that has saved nothing. */
  readonly states: unknown[]
  /**
   * For each of these apps, the indices in the handoff of the listeners that it has. A parent of an earlier release
   * does not send them.
   */
  readonly stateListeners?: number[][] | undefined
}

/** An app of the child, as far as a saved state is concerned. */
export interface Heir {
  /** The indices in the handoff of the listeners that it has adopted. */
  readonly listeners: readonly number[]
  /** Whether it loads a state. */
  readonly loads: boolean
}

/** Which state goes to which app, both as places in their lists. */
export interface Inheritance {
  readonly pairs: ReadonlyArray<readonly [heir: number, state: number]>
  /** How many states go to no app, although there are apps that load one. */
  readonly left: number
}

/**
 * Finds for each saved state the app that it is for: the one that has adopted a listener of the app that saved it. The
 * order of the apps says little. An app of the parent may have closed, and the new release may begin with another one.
 *
 * The only state goes to the only app that loads one, wherever that listens. States of apps without a listener that is
 * handed over go to such apps in the order of both.
 */
export function shareOut({ states, stateListeners }: SavedStates, heirs: readonly Heir[]): Inheritance {
  const saved = states.flatMap((state, at) => (state === undefined ? [] : [at]))
  const loading = heirs.flatMap(({ loads }, at) => (loads ? [at] : []))
  if (loading.length === 0) return { pairs: [], left: 0 }
  if (stateListeners === undefined) return { pairs: saved.map((at) => [at, at] as const), left: 0 }
  const [heir, ...otherHeirs] = loading
  const [state, ...otherStates] = saved
  const isOnly = heir !== undefined && state !== undefined && otherHeirs.length + otherStates.length === 0
  const pairs = isOnly ? [[heir, state] as const] : pairUp(saved, stateListeners, loading, heirs)
  return { pairs, left: saved.length - pairs.length }
}

function pairUp(
  saved: readonly number[],
  stateListeners: readonly number[][],
  loading: readonly number[],
  heirs: readonly Heir[]
): Array<readonly [heir: number, state: number]> {
  const pairs: Array<readonly [heir: number, state: number]> = []
  const free = new Set(loading)
  const give = (state: number, isMeant: (listeners: readonly number[]) => boolean): void => {
    const heir = [...free].find((at) => isMeant(heirs[at]?.listeners ?? []))
    if (heir === undefined || !free.delete(heir)) return
    pairs.push([heir, state])
  }
  for (const state of saved) {
    const own = stateListeners[state] ?? []
    give(state, (listeners) => (own.length === 0 ? listeners.length === 0 : own.some((one) => listeners.includes(one))))
  }
  return pairs
}
