import { setTimeout as delay } from 'node:timers/promises'
import type { CrowdMakeUp } from './crowd.js'
import { CrowdProcess } from './crowd-process.js'
import { IdleConnections, type IdleOutcome } from './idle.js'
import { type Observation, observe, type Window } from './observation.js'
import type { Party, Service } from './party.js'
import type { Timeline } from './plot/timeline.js'
import { QUIET, type Watched, watch, watchLeftAlone } from './watch.js'

/** How the comparison is done. */
export interface ComparisonSettings {
  parties: readonly Party[]
  rounds: number
  /** How many idle connections there are. */
  idle: number
}

/** What one reload did, and what the same app did when it was left alone while another one booted beside it. */
export interface Reloading {
  seen: Observation
  idle: IdleOutcome
  /** From the request for the reload until all that accepts is new. Milliseconds. */
  duration: number
  besideBoot: Observation
  /** How long that other one took to boot, under the same load. Milliseconds. */
  coldBoot: number
}

/** All reloads of one party. */
export interface Result {
  party: Party
  reloadings: Reloading[]
  /** What its clients saw in the first round. */
  seenFirst: SeenFirst
}

/** The first reload of a party, and what its clients saw of it and around it. */
type SeenFirst = Pick<Timeline, 'samples' | 'reload'>

/** How often each party reloads in a round. */
export const RELOADS = 2
/** The clients. */
export const CROWD: CrowdMakeUp = { keepAlive: 16, pause: 10, freshEvery: 10 }

/** Lets each party reload under load, in turn; who begins rotates. */
export async function compare({ parties, rounds, idle }: ComparisonSettings): Promise<Result[]> {
  const results = new Map<Party, Result>()
  for (let round = 0; round < rounds; round += 1) {
    for (let turn = 0; turn < parties.length; turn += 1) {
      const party = parties[(round + turn) % parties.length] as Party
      const { reloadings, seenFirst } = await measure(party, idle)
      const result = results.get(party) ?? { party, reloadings: [], seenFirst }
      result.reloadings.push(...reloadings)
      results.set(party, result)
      console.log(`comparison, round ${round + 1} of ${rounds}: ${party.name}: ${reloadings.map(describe).join('; ')}`)
    }
  }
  return parties.map((party) => results.get(party) as Result)
}

async function measure(party: Party, idleCount: number): Promise<Omit<Result, 'party'>> {
  const service = await party.start()
  const idle = new IdleConnections({ host: '127.0.0.1', port: service.port }, idleCount)
  const crowd = new CrowdProcess(service.port, CROWD)
  try {
    await idle.open()
    await delay(QUIET)
    const beside = await watchLeftAlone(party.variant)
    const reloads = []
    for (let count = 0; count < RELOADS; count += 1) reloads.push(await reloadOnce(service, idle))
    const { samples, closings } = await crowd.stop()
    const see = (window: Window) => observe(samples, closings, window)
    const besideBoot = see(beside.window)
    const reloadings = reloads.map(({ took: duration, window, outcome }) => {
      return { seen: see(window), idle: outcome, duration, besideBoot, coldBoot: beside.took }
    })
    const { window, took, lasted } = reloads[0] as Watched
    const reload = { from: window.from, to: window.from + took, over: window.from + lasted }
    return { reloadings, seenFirst: { samples, reload } }
  } finally {
    crowd.kill()
    idle.close()
    await service.stop()
  }
}

async function reloadOnce(service: Service, idle: IdleConnections): Promise<Watched & { outcome: IdleOutcome }> {
  await idle.open()
  await delay(QUIET)
  const watched = await watch(() => service.reload())
  return { ...watched, outcome: await idle.check() }
}

/** What the clients lost, all kinds of them together. */
export function countLosses({ seen, idle }: Pick<Reloading, 'seen' | 'idle'>): { failed: number; closed: number } {
  return {
    failed: seen.freshFailed + seen.keepAliveFailed + idle.failed,
    closed: seen.closedUnannounced + seen.closedAnnounced + idle.closed + idle.announced
  }
}

/** What the picture shows of a party. */
export function timelineOf({ party, reloadings, seenFirst }: Result): Timeline {
  const losses = reloadings.map(countLosses)
  const sum = (name: 'failed' | 'closed') => losses.reduce((total, one) => total + one[name], 0)
  const totals = { reloads: losses.length, failed: sum('failed'), closed: sum('closed') }
  return { name: party.name, ...seenFirst, losses: totals }
}

function describe(reloading: Reloading): string {
  const { failed, closed } = countLosses(reloading)
  return `${failed} requests failed, ${closed} connections closed`
}
