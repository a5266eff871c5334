import { ASKING, TIMES as UNDONE } from './coming-back.js'
import { tabulateComingBack } from './coming-back-table.js'
import { CROWD, RELOADS } from './comparison.js'
import { tabulateComparison, tabulateTotals } from './comparison-table.js'
import { describeCrowd } from './crowd.js'
import { WORKERS } from './evenness.js'
import { BUSY, CALM } from './feel.js'
import { tabulateFeel } from './feel-table.js'
import { ASK_EVERY } from './migration.js'
import { tabulateMigration } from './migration-table.js'
import { POLL } from './page.js'
import { TIMES as BOOTS, tabulateReloadTime } from './reload-time.js'
import type { Results } from './results.js'
import { SAVES } from './saves.js'
import { tabulateSaves } from './saves-table.js'
import { DEFAULT_PROBATION } from './server.js'
import type { Settings } from './settings.js'
import { asCount, asMilliseconds, asNumberOf } from './table.js'
import { CONNECTIONS as CLIENTS, tabulateThroughput } from './throughput.js'
import { WINDOW } from './watch.js'
import { CONNECTIONS as WORKERS_CLIENTS } from './workers.js'

/** A section of the report for each part that was run. */
export function describeParts(settings: Settings, results: Results): string[] {
  return [
    describeComparison(settings, results),
    describeFeel(settings, results),
    describeMigration(results),
    describeComingBack(settings, results),
    describeThroughput(settings, results),
    describeReloadTime(results),
    describeWorkers(settings, results),
    describeSaves(results)
  ].flat()
}

function describeComparison({ idle }: Settings, { comparison }: Results): string[] {
  if (comparison === undefined) return []
  const rounds = (comparison[0]?.reloadings.length ?? 0) / RELOADS
  return [
    '## What clients see of a reload',
    '![Latency over time, failed requests and closed connections, for each party](latency.svg)',
    'The same app is reloaded under the same load: by a stop by close-with-grace and then a start; as two workers of ' +
      '`node:cluster` that are replaced one by one, the new one listening before the old one is told to stop; by `pm2 reload` of two ' +
      'instances in cluster mode; and by this plugin with its default options. Where the plugin is not used, the app closes itself with ' +
      'close-with-grace and `app.close()`.',
    `The load is ${describeCrowd(CROWD)}; ${asCount(idle)} further connections are used once and then idle, and are asked once more after the reload. No ` +
      'client ever tries a request a second time. A connection counts as closed *announced* if a response said `Connection: close`; ' +
      'every other one that the server closed is *unannounced*.',
    `${asNumberOf(rounds, 'round')} of ${RELOADS} reloads for each party; the parties take turns, and who begins rotates. The picture shows the first reload of each; the figures ` +
      'beside it are those of all. Between two reloads the idle connections are asked, and those that are missing are opened again.',
    tabulateComparison(comparison),
    'All reloads together:',
    tabulateTotals(comparison),
    [
      '- *Reload time* is the time from the request until all that accepts is new code. For pm2 it is the time of the command. *Cold boot* is from ' +
        'the start of one process of the same app to its listening, while the service is under the same load: processes that are replaced one after the other cost at least two of them.',
      '- *Left alone*: in each round, before the reloads, the service is left alone while another instance of the same app is booted and stopped ' +
        'beside it. What that costs the clients is the price of a busy machine, not of the reload.',
      '- *Latency* is that of answered requests only; what an outage costs stands in the gap and in the failures.'
    ].join('\n')
  ]
}

function describeFeel({ idle }: Settings, { feel }: Results): string[] {
  if (feel === undefined) return []
  return [
    '## What clients feel of a reload',
    `Windows of at least ${WINDOW / 1000} s of the same server: one with a reload, with the default probation of ${DEFAULT_PROBATION / 1000} s, and two in which it is left alone while another ` +
      `instance of the app boots and stops beside it; how far these two are apart is noise. ${asNumberOf(feel.calm.length, 'round')} with a fresh server; which window comes first rotates. ` +
      `Each ratio is that of one round. No request is tried a second time.`,
    `${describeCrowd(CALM)}, beside ${asCount(idle)} idle connections:`,
    tabulateFeel(feel.calm),
    `${describeCrowd(BUSY)}:`,
    tabulateFeel(feel.busy)
  ]
}

function describeMigration({ migration }: Results): string[] {
  if (migration === undefined) return []
  const { connections, overProbation } = migration
  return [
    '## Moving idle connections',
    `${asNumberOf(overProbation.length, 'round')} with ${asCount(connections)} keep-alive connections, which are used once and then idle; before and during the reload one of them is asked every ${ASK_EVERY} ms, each in its ` +
      `turn. *At once* is \`probation: 0\`, *over the probation* the default of ${asMilliseconds(DEFAULT_PROBATION)}. Memory is resident memory: what two processes share, such as Node itself, counts in both.`,
    tabulateMigration(migration)
  ]
}

function describeComingBack({ idle }: Settings, { comingBack }: Results): string[] {
  if (comingBack === undefined) return []
  return [
    '## Coming back',
    `${UNDONE} reloads are undone at random moments of the probation by a SIGKILL to the child, and ${UNDONE} by \`app.graceful.rollback()\` in it (\`BENCH_SEED=${comingBack.seed}\`): ${asCount(idle)} idle connections, ` +
      `which are asked once more afterwards, beside ${describeCrowd(ASKING)}.`,
    tabulateComingBack(comingBack)
  ]
}

function describeThroughput({ turns }: Settings, { throughput }: Results): string[] {
  if (throughput === undefined) return []
  return [
    '## Cost between reloads',
    `Throughput and memory with ${CLIENTS} connections, ${asNumberOf(throughput[0]?.length ?? 0, 'round')} of ${asNumberOf(turns, 'second')} for each server. A ratio of 1 means: no difference. The second plain server shows how much of a difference is noise.`,
    tabulateThroughput(throughput)
  ]
}

function describeReloadTime({ reloadTime }: Results): string[] {
  if (reloadTime === undefined) return []
  return [
    '## Reload time without load',
    `Reload time, without probation, beside the cold boot of the same app, without the plugin (*plain*) and with it; ${asNumberOf(reloadTime.length, 'round')}, in each of which everything is measured ${BOOTS} times, in turn, and the median counts.`,
    tabulateReloadTime(reloadTime)
  ]
}

function describeWorkers({ turns }: Settings, { workers }: Results): string[] {
  if (workers === undefined) return []
  const { launcher, cores, cost, evenness, rounds } = workers
  const how = `${asNumberOf(rounds, 'round')} of ${asNumberOf(Math.ceil(turns / 2), 'second')} for each, in turn, with ${WORKERS_CLIENTS} connections`
  return [
    '## The launcher',
    `The same app with the plugin, with and without the launcher: ${how}; reload and cold boot as above, without probation.`,
    launcher,
    '## Several workers',
    `Two workers beside one, and beside two of \`node:cluster\` (round robin): ${how}. A request hashes a password, ` +
      `which takes one worker ${asMilliseconds(cost)}, so that the clients, on the same machine, weigh little.`,
    cores,
    `How clients spread over ${WORKERS} workers. The launcher's accept from one socket, and one that has clearly more than its share ` +
      'passes new connections on, before it has read from them. `node:cluster` gives each connection from its primary to a worker, in turn, ' +
      'or lets the workers accept from one socket and leaves them at that. A ratio of 1 is even; a worker that got nothing counts as one.',
    evenness
  ]
}

function describeSaves({ saves }: Results): string[] {
  if (saves === undefined) return []
  const rounds = (saves[0]?.saves.length ?? 0) / SAVES
  return [
    '## While somebody works on the app',
    `A file that the app imports is saved under a page that polls: a request each ${POLL} ms, each on a connection of its own, none of them tried twice. ` +
      '`node --watch` and `tsx watch` stop the app, which has no handlers of signals, and start it again; `fastify-graceful-reload --watch` reloads it, with the plugin. ' +
      `${asNumberOf(rounds, 'round')} of ${SAVES} saves for each, in turn; who begins rotates.`,
    tabulateSaves(saves)
  ]
}
