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
import { tabulateSpawn } from './spawn.js'
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
    describeSpawn(results),
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
    'The same app is reloaded under the same load in these ways:',
    [
      '- *stop, then start*: close-with-grace stops the app, and then it is started again.',
      '- *node:cluster*: two workers are replaced one by one. The new worker listens before the primary tells the old ' +
        'one to stop.',
      '- *pm2*: `pm2 reload` of two instances in cluster mode.',
      '- *this plugin*: with its default options.'
    ].join('\n'),
    'Where the plugin is not used, the app closes itself with close-with-grace and `app.close()`.',
    `The load is ${describeCrowd(CROWD)}. ${asCount(idle)} further connections are used once and are then idle; after ` +
      'the reload, each of them sends one more request. No client ever tries a request a second time. A connection ' +
      'that the server closes counts as *announced* if a response said `Connection: close`, and otherwise as ' +
      '*unannounced*.',
    `${asNumberOf(rounds, 'round')} of ${RELOADS} reloads for each party. The parties take turns, and each round ` +
      'begins with another one. The picture shows the first reload of each party; the figures beside it are those of ' +
      'all reloads. Between two reloads, each idle connection sends a request, and missing connections are opened ' +
      'again.',
    tabulateComparison(comparison),
    'All reloads together:',
    tabulateTotals(comparison),
    [
      '- *Reload time* is the time from the request until only new code accepts. For pm2 it is the time of the command.',
      '- *Cold boot* is the time from the start of one process of the same app until it listens, while the service is ' +
        'under the same load. Processes that are replaced one after the other cost at least two cold boots.',
      '- *Left alone*: in each round, before the reloads, the service is left alone while another instance of the ' +
        'same app boots and stops beside it. What this costs the clients is the price of a busy machine, not of the ' +
        'reload.',
      '- *Latency* counts answered requests only. An outage shows in the gap and in the failures.'
    ].join('\n')
  ]
}

function describeFeel({ idle }: Settings, { feel }: Results): string[] {
  if (feel === undefined) return []
  return [
    '## What clients feel of a reload',
    `Windows of at least ${WINDOW / 1000} s of the same server: one with a reload, with the default probation of ` +
      `${DEFAULT_PROBATION / 1000} s, and two in which the server is left alone while another instance of the app ` +
      'boots and stops beside it. The difference between these two is noise. ' +
      `${asNumberOf(feel.calm.length, 'round')} with a fresh server; each begins with another window. Each ratio is ` +
      'that of one round. No client tries a request a second time.',
    `${describeCrowd(CALM)}, beside ${asCount(idle)} idle connections:`,
    tabulateFeel(feel.calm),
    'The same with the launcher. Without it, the server itself starts the child, and answers nobody while the system ' +
      'copies the table of its memory and begins the new program. With it, the launcher does that, which is small and ' +
      'has no clients:',
    tabulateFeel(feel.launched),
    `${describeCrowd(BUSY)}:`,
    tabulateFeel(feel.busy)
  ]
}

function describeMigration({ migration }: Results): string[] {
  if (migration === undefined) return []
  const { connections, overProbation } = migration
  return [
    '## Moving idle connections',
    `${asNumberOf(overProbation.length, 'round')} with ${asCount(connections)} keep-alive connections, which are used ` +
      `once and are then idle. Before and during the reload, one of them sends a request every ${ASK_EVERY} ms, each ` +
      'in its turn. *At once* is `probation: 0`, *over the probation* is the default of ' +
      `${asMilliseconds(DEFAULT_PROBATION)}. Memory is resident memory: what two processes share, such as Node ` +
      'itself, counts in both.',
    tabulateMigration(migration)
  ]
}

function describeComingBack({ idle }: Settings, { comingBack }: Results): string[] {
  if (comingBack === undefined) return []
  return [
    '## Coming back',
    `${UNDONE} reloads are undone at random moments of the probation by a SIGKILL to the child, and ${UNDONE} by ` +
      `\`app.graceful.rollback()\` in it (\`BENCH_SEED=${comingBack.seed}\`). The load is ` +
      `${describeCrowd(ASKING)}. Beside them are ${asCount(idle)} idle connections, each of which sends one more ` +
      'request afterwards.',
    tabulateComingBack(comingBack)
  ]
}

function describeThroughput({ turns }: Settings, { throughput }: Results): string[] {
  if (throughput === undefined) return []
  return [
    '## Cost between reloads',
    `Throughput and memory with ${CLIENTS} connections: ${asNumberOf(throughput[0]?.length ?? 0, 'round')} of ` +
      `${asNumberOf(turns, 'second')} for each server. A ratio of 1 means no difference. The second plain server ` +
      'shows how much of a difference is noise.',
    tabulateThroughput(throughput)
  ]
}

function describeReloadTime({ reloadTime }: Results): string[] {
  if (reloadTime === undefined) return []
  return [
    '## Reload time without load',
    'The time of a reload without probation, beside the cold boot of the same app without the plugin (*plain*) and ' +
      `with it: ${asNumberOf(reloadTime.length, 'round')}. Each round measures everything ${BOOTS} times, in turn, and ` +
      'the median counts.',
    tabulateReloadTime(reloadTime)
  ]
}

function describeSpawn({ spawnings }: Results): string[] {
  if (spawnings === undefined) return []
  return [
    '## The start of the child',
    'Without the launcher, the parent starts the child, and the system copies the page tables of the parent for that: ' +
      'the more memory it has, the longer its clients wait. With the launcher, the launcher starts it, and is small. ' +
      `For how long a process stands still when it starts another one, in ${asNumberOf(spawnings[0]?.length ?? 0, 'round')}:`,
    tabulateSpawn(spawnings)
  ]
}

function describeWorkers({ turns }: Settings, { workers }: Results): string[] {
  if (workers === undefined) return []
  const { launcher, cores, cost, evenness, rounds } = workers
  const how = `${asNumberOf(rounds, 'round')} of ${asNumberOf(Math.ceil(turns / 2), 'second')} for each, in turn, with ${WORKERS_CLIENTS} connections`
  return [
    '## The launcher',
    `The same app with the plugin, with and without the launcher: ${how}. Reload and cold boot are measured as above, ` +
      'without probation.',
    launcher,
    '## Several workers',
    `Two workers beside one, and beside two of \`node:cluster\` (round robin): ${how}. Each request hashes a ` +
      `password, which takes one worker ${asMilliseconds(cost)}. So the clients, which run on the same machine, weigh ` +
      'little.',
    cores,
    `How connections spread over ${WORKERS} workers. Those of the launcher accept from one socket. A worker that has ` +
      'clearly more than its share passes new connections on, before it reads from them. *Round robin*: the primary ' +
      'of `node:cluster` gives each connection to a worker, in turn. *Left to the system*: the workers of ' +
      '`node:cluster` accept from one socket, and nothing evens that out. A ratio of 1 is even. A worker that got ' +
      'nothing counts as one.',
    evenness
  ]
}

function describeSaves({ saves }: Results): string[] {
  if (saves === undefined) return []
  const rounds = (saves[0]?.saves.length ?? 0) / SAVES
  return [
    '## While somebody works on the app',
    `A file that the app imports is saved under a page that polls: one request every ${POLL} ms, each on its own ` +
      'connection, none of them tried twice. `node --watch` and `tsx watch` stop the app, which has no handlers of ' +
      'signals, and start it again. `fastify-graceful-reload --watch` reloads it, with the plugin. ' +
      `${asNumberOf(rounds, 'round')} of ${SAVES} saves for each, in turn; each round begins with another one.`,
    tabulateSaves(saves)
  ]
}
