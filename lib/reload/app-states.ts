import type { HostedApp } from '../process/hosted-app.js'
import type { Listener } from '../sockets/listeners.js'
import { asCarried } from './state-check.js'

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
  /** Whether it has any listener. */
  readonly listens: boolean
  /** Whether it loads a state. */
  readonly loads: boolean
}

/**
 * Asks all apps for their states.
 *
 * @param listeners - those that the child inherits, in the order of the handoff
 * @throws {TypeError} as a rejection, when part of a state would be lost on its way; and whatever `save` throws
 */
export async function saveStates(apps: readonly HostedApp[], listeners: readonly Listener[]): Promise<SavedStates> {
  const indicesOf = (app: HostedApp) => listeners.flatMap(({ owner }, index) => (owner === app ? [index] : []))
  const stateListeners = apps.map(indicesOf)
  const states = asCarried(await Promise.all(apps.map(async ({ options }) => options.state?.save())))
  return { states, stateListeners }
}

/** The apps of the child. @param open - its listeners */
export function heirsOf(apps: readonly HostedApp[], open: readonly Listener[]): Heir[] {
  return apps.map((app) => {
    const own = open.filter(({ owner }) => owner === app)
    const listeners = own.flatMap(({ index }) => index ?? [])
    return { listeners, listens: own.length > 0, loads: app.options.state !== undefined }
  })
}

/** Which state goes to which app, both as places in their lists. */
export interface Inheritance {
  readonly pairs: ReadonlyArray<readonly [heir: number, state: number]>
  /** How many states go to no app, although there are apps that load one. */
  readonly left: number
}

type Pair = Inheritance['pairs'][number]

/**
 * Finds for each saved state the app that it is for: the one that has adopted a listener of the app that saved it. The
 * order of the apps says little. An app of the parent may have closed, and the new release may begin with another one.
 *
 * States of apps that do not listen go to such apps, in the order of both. If a single state and a single app are left,
 * the app has moved to another place: unless its place is that of another app of the parent, or there is another app in
 * the place of the one that saved the state.
 */
export function shareOut({ states, stateListeners }: SavedStates, heirs: readonly Heir[]): Inheritance {
  const saved = states.flatMap((state, at) => (state === undefined ? [] : [at]))
  const loading = heirs.flatMap(({ loads }, at) => (loads ? [at] : []))
  if (loading.length === 0) return { pairs: [], left: 0 }
  if (stateListeners === undefined) return { pairs: saved.map((at) => [at, at] as const), left: 0 }
  const listenersOf = (state: number) => stateListeners[state] ?? []
  const isAdopted = (index: number) => heirs.some(({ listeners }) => listeners.includes(index))
  const isKnown = (index: number) => stateListeners.some((listeners) => listeners.includes(index))
  const found = pairUp(saved, loading, (state, at) => {
    const own = listenersOf(state)
    const { listeners, listens } = heirs[at] as Heir
    return own.length === 0 ? !listens : own.some((index) => listeners.includes(index))
  })
  const moved = pairOfLeft(found, saved, loading).filter(([at, state]) => {
    return !listenersOf(state).some(isAdopted) && heirs[at]?.listeners.some(isKnown) === false
  })
  const pairs = [...found, ...moved]
  return { pairs, left: saved.length - pairs.length }
}

function pairUp(
  saved: readonly number[],
  loading: readonly number[],
  isFor: (state: number, heir: number) => boolean
): Pair[] {
  const free = new Set(loading)
  return saved.flatMap((state): Pair[] => {
    const heir = [...free].find((at) => isFor(state, at))
    if (heir === undefined) return []
    free.delete(heir)
    return [[heir, state]]
  })
}

/** A single state and a single app that have found nothing. */
function pairOfLeft(pairs: readonly Pair[], saved: readonly number[], loading: readonly number[]): Pair[] {
  const [state, ...otherStates] = saved.filter((at) => !pairs.some(([, one]) => one === at))
  const [heir, ...otherHeirs] = loading.filter((at) => !pairs.some(([one]) => one === at))
  const isOnly = otherStates.length + otherHeirs.length === 0
  return state !== undefined && heir !== undefined && isOnly ? [[heir, state]] : []
}
