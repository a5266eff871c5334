import type { Feel, Feeling, FeelRound } from './feel.js'
import { type Goal, medianAtMost, none } from './goals.js'
import { ratios } from './statistics.js'
import { asCount, asFactor, asMilliseconds, formatTable, type Row } from './table.js'

type Pick = (feeling: Feeling) => number

const worst: Pick = ({ worstLatency }) => worstLatency
const rare: Pick = ({ rarelyExceeded }) => rarelyExceeded
const failed: Pick = ({ freshFailed, keepAliveFailed }) => freshFailed + keepAliveFailed
const closed: Pick = ({ closedAnnounced, closedUnannounced }) => closedAnnounced + closedUnannounced

/** What the clients of one kind felt in windows with and without a reload. */
export function tabulateFeel(rounds: readonly FeelRound[]): string {
  const all = (window: keyof FeelRound, pick: Pick) => rounds.map((round) => pick(round[window]))
  const both = (what: string, pick: Pick): Row[] => [
    { name: `${what}, with a reload`, values: all('reloaded', pick), format: asMilliseconds },
    { name: `${what}, left alone`, values: all('leftAlone', pick), format: asMilliseconds }
  ]
  return formatTable([
    ...compared('worst latency', rounds, worst),
    ...compared('latency, 99.9th percentile', rounds, rare),
    ...both('worst latency', worst),
    ...both('99.9th percentile', rare),
    { name: 'requests, with a reload', values: all('reloaded', ({ requests }) => requests), format: asCount },
    { name: 'requests, left alone', values: all('leftAlone', ({ requests }) => requests), format: asCount },
    { name: 'requests failed, with a reload', values: all('reloaded', failed), format: asCount },
    { name: 'connections closed, with a reload', values: all('reloaded', closed), format: asCount }
  ])
}

/** Nobody is to feel a reload. */
export function feelGoals({ calm, launched, busy }: Feel): Goal[] {
  return [
    medianAtMost('worst latency: with a reload / left alone', besideLeftAlone(calm, worst), 1.25, asFactor),
    medianAtMost('99.9th percentile: with a reload / left alone', besideLeftAlone(calm, rare), 1.1, asFactor),
    medianAtMost('longest wait without pauses: with a reload / left alone', besideLeftAlone(busy, worst), 2, asFactor),
    none(
      'requests failed in these windows',
      [...calm, ...launched, ...busy].map(({ reloaded }) => failed(reloaded))
    )
  ]
}

/** By which factor the worst latency of each round is longer with a reload. */
export function worstOverLeftAlone(rounds: readonly FeelRound[]): number[] {
  return besideLeftAlone(rounds, worst)
}

function compared(what: string, rounds: readonly FeelRound[], pick: Pick): Row[] {
  const noise = ratios(
    rounds.map(({ leftAloneAgain }) => pick(leftAloneAgain)),
    rounds.map(({ leftAlone }) => pick(leftAlone))
  )
  return [
    { name: `${what}: with a reload / left alone`, values: besideLeftAlone(rounds, pick), format: asFactor },
    { name: `${what}: left alone / left alone (noise)`, values: noise, format: asFactor }
  ]
}

function besideLeftAlone(rounds: readonly FeelRound[], pick: Pick): number[] {
  return ratios(
    rounds.map(({ reloaded }) => pick(reloaded)),
    rounds.map(({ leftAlone }) => pick(leftAlone))
  )
}
