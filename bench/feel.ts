import { setTimeout as delay } from 'node:timers/promises'
import type { CrowdMakeUp } from './crowd.js'
import { CrowdProcess } from './crowd-process.js'
import { IdleConnections } from './idle.js'
import { latencies, type Observation, observe } from './observation.js'
import type { Party, Service } from './party.js'
import { launched, plugin } from './plugin.js'
import { quantile } from './statistics.js'
import { asFactor } from './table.js'
import { QUIET, type Watched, watch, watchLeftAlone } from './watch.js'

/** What clients saw in one window. */
export interface Feeling extends Observation {
  /** The latency that one of a thousand requests exceeds. Milliseconds. */
  rarelyExceeded: number
}

/** The windows of one round, of the same service and with the same clients. */
export interface FeelRound {
  reloaded: Feeling
  leftAlone: Feeling
  /** The same again: how far the two are apart is noise. */
  leftAloneAgain: Feeling
}

/** The rounds of the clients that pause, without and with the launcher, and of those that never do. */
export interface Feel {
  calm: FeelRound[]
  launched: FeelRound[]
  busy: FeelRound[]
}

/** Clients as they are met, beside idle connections. */
export const CALM: CrowdMakeUp = { keepAlive: 16, pause: 10 }
/** Clients that leave a server no time. */
export const BUSY: CrowdMakeUp = { keepAlive: 200, pause: 0 }

/** Measures, `rounds` times, what clients feel of a reload, with `idle` connections beside the clients that pause. */
export async function benchFeel(rounds: number, idle: number): Promise<Feel> {
  const feel: Feel = { calm: [], launched: [], busy: [] }
  for (let round = 0; round < rounds; round += 1) {
    const calm = await runRound(plugin, CALM, idle, round)
    const underLauncher = await runRound(launched, CALM, idle, round)
    const busy = await runRound(plugin, BUSY, 0, round)
    feel.calm.push(calm)
    feel.launched.push(underLauncher)
    feel.busy.push(busy)
    console.log(
      `feel, round ${round + 1} of ${rounds}: worst latency ${describe(calm)}; with the launcher ` +
        `${describe(underLauncher)}; without pauses ${describe(busy)}`
    )
  }
  return feel
}

/** A fresh service; which of the windows is the first rotates, as a server is quicker the longer it has run. */
async function runRound(party: Party, makeUp: CrowdMakeUp, idleCount: number, first: number): Promise<FeelRound> {
  const service = await party.start()
  const idle = new IdleConnections({ host: '127.0.0.1', port: service.port }, idleCount)
  const feelings: Partial<FeelRound> = {}
  const windows: Array<[keyof FeelRound, () => Promise<Watched>]> = [
    ['leftAlone', () => watchLeftAlone(party.variant)],
    ['reloaded', () => watch(() => service.reload())],
    ['leftAloneAgain', () => watchLeftAlone(party.variant)]
  ]
  try {
    for (let turn = 0; turn < windows.length; turn += 1) {
      const [name, look] = windows[(first + turn) % windows.length] as (typeof windows)[number]
      await idle.open()
      feelings[name] = await feelWindow(service, makeUp, look)
    }
    return feelings as FeelRound
  } finally {
    idle.close()
    await service.stop()
  }
}

/** The clients are there for one window only: what they write down would make them slower from one to the next. */
async function feelWindow({ port }: Service, makeUp: CrowdMakeUp, look: () => Promise<Watched>): Promise<Feeling> {
  const crowd = new CrowdProcess(port, makeUp)
  try {
    await delay(QUIET)
    const { window } = await look()
    const { samples, closings } = await crowd.stop()
    const rarelyExceeded = quantile(latencies(samples, window), 0.999)
    return { ...observe(samples, closings, window), rarelyExceeded }
  } finally {
    crowd.kill()
  }
}

function describe({ reloaded, leftAlone, leftAloneAgain }: FeelRound): string {
  const ratio = asFactor(reloaded.worstLatency / leftAlone.worstLatency)
  return `${ratio} times that of a server left alone (noise ${asFactor(leftAloneAgain.worstLatency / leftAlone.worstLatency)})`
}
