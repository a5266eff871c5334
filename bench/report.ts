import { availableParallelism, cpus, release } from 'node:os'
import { CROWD } from './crowd.js'
import { WORKERS } from './evenness.js'
import type { Settings } from './settings.js'
import type { WorkersTables } from './workers.js'

/** The tables of the report; undefined: that part was not run. */
export interface Tables {
  comparison: string | undefined
  totals: string | undefined
  migration: string | undefined
  throughput: string | undefined
  reloadTime: string | undefined
  workers: WorkersTables | undefined
  /** Sentences on what was left out, and why. */
  omissions: readonly string[]
}

/** How many rounds each benchmark had. */
export interface Rounds {
  comparison: number
  reloadsPerRound: number
  migration: number
  workers: number
}

/** What was measured on, in one line. */
export function describeMachine(): string {
  const processor = cpus()[0]?.model.trim() ?? 'unknown CPU'
  return `Node ${process.version}, ${availableParallelism()} cores (${processor}), ${process.platform} ${release()}`
}

/** The report as a Markdown page. */
export function formatReport(settings: Settings, tables: Tables, rounds: Rounds): string {
  return [
    introduction(settings),
    comparison(settings, tables, rounds),
    migration(tables, rounds),
    costs(settings, tables),
    reloadTime(settings, tables),
    workers(settings, tables, rounds)
  ]
    .flat()
    .join('\n\n')
    .concat('\n')
}

function introduction({ command }: Settings): string[] {
  return [
    '# Benchmarks',
    `Written by \`${command}\` on ${new Date().toISOString().slice(0, 10)}, in one run: ${describeMachine()}.`,
    'Clients and servers share this machine: read the ratios and the columns beside each other, not the single figures. In the tables a ' +
      'figure is a median, and what stands in brackets are the lowest and the highest value.'
  ]
}

function comparison({ idle }: Settings, tables: Tables, rounds: Rounds): string[] {
  const { comparison, reloadsPerRound } = rounds
  if (tables.comparison === undefined || tables.totals === undefined) return []
  return [
    '## What clients see of a reload',
    '![Latency over time across reloads, for each party](latency.svg)',
    'The same app is reloaded under the same load in four ways: a stop by close-with-grace and then a start; two workers of ' +
      '`node:cluster` that are replaced one by one, the new one listening before the old one is told to stop; `pm2 reload` of two ' +
      'instances in cluster mode; and this plugin with its default options. Where the plugin is not used, the app closes itself with ' +
      'close-with-grace and `app.close()`.',
    `The load is ${CROWD}; ${idle} further connections are used once and then idle, and are asked once more after the reload. No ` +
      'client ever tries a request a second time. A connection counts as closed *announced* if a response said `Connection: close`; ' +
      'every other one that the server closed is *unannounced*.',
    `${comparison} rounds of ${reloadsPerRound} reloads for each party; the parties take turns, and who begins rotates. The picture shows the first round; between its two reloads the idle connections are asked, and those that are missing are opened again.`,
    tables.comparison,
    'All reloads together:',
    tables.totals,
    ...tables.omissions,
    [
      '- *Reload time* is the time from the request until all that accepts is new code. For pm2 it is the time of the command. *Cold boot* is from ' +
        'the start of one process of the same app to its listening, while the service is under the same load: processes that are replaced one after the other cost at least two of them.',
      '- *Left alone*: in each round, before the reloads, the service is left alone while another instance of the same app is booted and stopped ' +
        'beside it. What that costs the clients is the price of a busy machine, not of the reload.',
      '- *Latency* is that of answered requests only; what an outage costs stands in the gap and in the failures.'
    ].join('\n')
  ]
}

function migration(tables: Tables, rounds: Rounds): string[] {
  if (tables.migration === undefined) return []
  return [
    '## Moving idle connections',
    `${rounds.migration} rounds. Keep-alive connections are used once and then idle; during the reload one of them is asked every 2 ms, each in its turn. *At once* is \`probation: 0\`, *over the probation* the default.`,
    tables.migration
  ]
}

function costs({ rounds, turns }: Settings, tables: Tables): string[] {
  if (tables.throughput === undefined) return []
  return [
    '## Cost between reloads',
    `Throughput and memory with 50 connections, ${rounds} rounds of ${turns} seconds for each server. A ratio of 1 means: no difference. The second plain server shows how much of a difference is noise.`,
    tables.throughput
  ]
}

function reloadTime({ rounds }: Settings, tables: Tables): string[] {
  if (tables.reloadTime === undefined) return []
  return [
    '## Reload time without load',
    `Reload time beside the cold boot of the same app, without probation; ${rounds} rounds.`,
    tables.reloadTime
  ]
}

function workers({ turns }: Settings, tables: Tables, rounds: Rounds): string[] {
  if (tables.workers === undefined) return []
  const { launcher, cores, evenness } = tables.workers
  const how = `${rounds.workers} rounds of ${Math.ceil(turns / 2)} seconds for each, in turn, with 64 connections`
  return [
    '## The launcher',
    `The same app with the plugin, with and without the launcher: ${how}; reload and cold boot as above, without probation.`,
    launcher,
    '## Several workers',
    `Two workers beside one, and beside two of \`node:cluster\` (round robin): ${how}. A request costs about a millisecond of ` +
      'processor time, so that the clients, on the same machine, weigh little.',
    cores,
    `How clients spread over ${WORKERS} workers. The launcher's accept from one socket, and one that has clearly more than its share ` +
      'passes new connections on, before it has read from them. `node:cluster` gives each connection from its primary to a worker, in turn, ' +
      'or lets the workers accept from one socket and leaves them at that. A ratio of 1 is even; a worker that got nothing counts as one.',
    evenness
  ]
}
