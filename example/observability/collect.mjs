/** The metrics: each has a type, labels, and samples, which are values with their labels. */
const METRICS = {
  generation: [
    'gauge',
    'One more than the number of reloads before this process.',
    [],
    ({ generation }) => [[generation]]
  ],
  release_info: [
    'gauge',
    'What this process has loaded.',
    ['script', 'directory', 'version', 'node'],
    ({ release }) => [[1, release]]
  ],
  draining_processes: ['gauge', 'Processes that still finish requests.', [], ({ draining }) => [[draining]]],
  reload_in_progress: [
    'gauge',
    'Whether a reload is in progress.',
    [],
    ({ reloads }) => [[Number(reloads.inProgress)]]
  ],
  last_reload_successful: [
    'gauge',
    'Whether the last reload has succeeded.',
    [],
    ({ reloads: { last } }) => (last === null ? [] : [[Number(last.outcome === 'succeeded')]])
  ],
  last_reload_timestamp_seconds: [
    'gauge',
    'When the last reload has ended.',
    [],
    ({ reloads: { last } }) => (last === null ? [] : [[(Date.parse(last.began) + last.timings.total) / 1000]])
  ],
  last_reload_duration_seconds: [
    'gauge',
    'How long the last reload took.',
    ['step'],
    ({ reloads: { last } }) =>
      Object.entries(last?.timings ?? {}).map(([step, duration]) => [duration / 1000, { step }])
  ],
  reloads_total: [
    'counter',
    'Finished reloads, by outcome.',
    ['outcome'],
    ({ reloads }) => [
      [reloads.succeeded, { outcome: 'succeeded' }],
      [reloads.failed, { outcome: 'failed' }],
      [reloads.rolledBack, { outcome: 'rolled_back' }]
    ]
  ],
  reload_failures_total: [
    'counter',
    'Failed and rolled-back reloads, by error code.',
    ['code'],
    ({ reloads }) => Object.entries(reloads.failuresByCode).map(([code, count]) => [count, { code }])
  ],
  connections: [
    'gauge',
    'Open connections of clients.',
    ['role'],
    ({ connections }) => [[connections.open, { role: 'serving' }]]
  ],
  upgraded_connections: [
    'gauge',
    'Open connections that have switched to another protocol.',
    ['role'],
    ({ connections }) => [[connections.upgraded, { role: 'serving' }]]
  ],
  requests_in_flight: [
    'gauge',
    'Requests whose answer is not complete.',
    ['role'],
    ({ requests }) => [[requests.inFlight, { role: 'serving' }]]
  ],
  holds: [
    'gauge',
    'Background work that a drain waits for.',
    ['role'],
    ({ holds }) => [[holds.open, { role: 'serving' }]]
  ],
  connections_opened_total: [
    'counter',
    'Connections opened by clients.',
    [],
    ({ connections }) => [[connections.opened]]
  ],
  connections_closed_total: [
    'counter',
    'Connections that have ended.',
    [],
    ({ connections }) => [[connections.closed]]
  ],
  connections_moved_total: [
    'counter',
    'Connections that have moved to another generation.',
    [],
    ({ connections }) => [[connections.moved]]
  ],
  forced_requests_total: ['counter', 'Requests that a drain has cut off.', [], ({ requests }) => [[requests.forced]]],
  forced_holds_total: ['counter', 'Background work that a drain has cut off.', [], ({ holds }) => [[holds.forced]]]
}

/**
 * Adds the values of `app.graceful.stats()` to a registry, under the names of `GET /metrics` of the control socket.
 * There is no label `worker`: with several workers, each process knows only its own metrics.
 *
 * @param client - the package of the registry: prom-client, or `@prometheus-io/client`, its successor
 */
export function collectGraceful(app, client, registry) {
  let known
  // Read once for all metrics of a scrape.
  const stats = () => {
    if (known === undefined) setImmediate(() => (known = undefined))
    known ??= app.graceful.stats()
    return known
  }
  for (const [name, [type, help, labelNames, samplesOf]] of Object.entries(METRICS)) {
    const settings = { name: `fastify_graceful_${name}`, help, labelNames, registers: [registry] }
    const collect = (metric, add) => {
      metric.reset()
      for (const [value, labels = {}] of samplesOf(stats())) metric[add](labels, value)
    }
    // The plugin counts over all generations. This only copies its count.
    if (type === 'counter')
      new client.Counter({
        ...settings,
        collect() {
          collect(this, 'inc')
        }
      })
    else
      new client.Gauge({
        ...settings,
        collect() {
          collect(this, 'set')
        }
      })
  }
}
