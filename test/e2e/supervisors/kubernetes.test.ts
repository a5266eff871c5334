// The life of the pods of example/kubernetes. The test plays the kubelet, which probes and sends SIGTERM, and the
// proxies, which learn at some time that a pod is terminating.
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { HttpConnection } from '../../support/connection.js'
import type { Starter } from '../../support/deploy.js'
import { Endpoints, ServiceClient } from '../../support/endpoints.js'
import { Load } from '../../support/load.js'
import { Metrics } from '../../support/metrics.js'
import { noNamespace } from '../../support/namespace.js'
import { gracePeriod, KUBERNETES, Pod, type StopLimits, shippedLimits } from '../../support/pod.js'
import { untilRefused } from '../../support/stop-accepting.js'

t.jobs = 2

const READY = '/status/ready'
const LIVE = '/status/live'

/** How much shorter the limits of a stop are than those of the example. */
const SCALE = 4

async function shorterLimits(): Promise<StopLimits> {
  const { lameDuck, drainTimeout, closeTimeout } = await shippedLimits()
  return { lameDuck: lameDuck / SCALE, drainTimeout: drainTimeout / SCALE, closeTimeout: closeTimeout / SCALE }
}

/** Two pods and their clients. */
class Service {
  /** The one that will stop. */
  readonly pod: Pod
  readonly other: Pod
  readonly limits: StopLimits
  readonly endpoints: Endpoints
  readonly load: Load
  readonly #kept: ServiceClient[]

  private constructor(pod: Pod, other: Pod, limits: StopLimits) {
    this.pod = pod
    this.other = other
    this.limits = limits
    this.endpoints = new Endpoints(pod.target, other.target)
    this.#kept = Array.from({ length: 4 }, () => new ServiceClient(this.endpoints, { keepsAlive: true }))
    const anew = Array.from({ length: 2 }, () => new ServiceClient(this.endpoints))
    this.load = new Load([...this.#kept, ...anew], { pause: 10 })
  }

  static async start(t: Test, starter: Starter): Promise<Service> {
    const limits = await shorterLimits()
    const [pod, other] = await Promise.all([
      Pod.start(t, limits, starter),
      Pod.start(t, { ...limits, lameDuck: 0 }, starter)
    ])
    const service = new Service(pod, other, limits)
    await service.load.reached(1)
    return service
  }

  /** How many clients keep a connection to a pod. */
  keptBy(pod: Pod): number {
    return this.#kept.filter(({ target }) => target === pod.target).length
  }
}

/** Begins a request on a connection that has been accepted, and returns what ends it. */
async function beginRequest(pod: Pod) {
  const connection = await HttpConnection.open(pod.target)
  await connection.request({ path: '/' })
  const exchange = connection.begin('GET / HTTP/1.1\r\nhost: pod\r\n')
  return () => {
    connection.write('\r\n')
    return exchange.response
  }
}

/** SIGTERM: the readiness probe fails at once, the liveness probe does not. */
async function terminate(t: Test, pod: Pod): Promise<number> {
  t.equal((await pod.probe(READY)).status, 200)
  const begun = performance.now()
  pod.signal('SIGTERM')
  await pod.shipped.output.event('lame-duck')
  t.match(await pod.probe(READY), { status: 503, body: '{"phase":"lame duck","generation":1}' })
  t.equal((await pod.probe(LIVE)).status, 200)
  return begun
}

/** Ends a load of which nothing has failed. */
async function unnoticed(t: Test, load: Load): Promise<void> {
  const { failures, connectionsClosed } = await load.stop()
  t.strictSame({ failures, connectionsClosed }, { failures: [], connectionsClosed: 0 })
}

/** The pod ends within its grace period, with 0, and no client notices. */
async function endsUnnoticed(t: Test, service: Service, begun: number): Promise<void> {
  const { pod, other, endpoints, load, limits } = service
  t.equal(await pod.exitCode(), 0)
  t.ok(performance.now() - begun < gracePeriod(limits), 'within the grace period')
  t.strictSame(pod.shipped.output.all('forced'), [])
  await endpoints.moreFrom(other.target, 10)
  await load.answered(20)
  t.equal(service.keptBy(other), 4, 'all clients have gone to the other pod')
  await unnoticed(t, load)
  await stop(t, other)
}

async function stop(t: Test, pod: Pod): Promise<void> {
  pod.signal('SIGTERM')
  t.equal(await pod.exitCode(), 0)
}

for (const starter of ['launcher', 'node'] as const) {
  const where = starter === 'node' ? ', without the launcher' : ''

  t.test(`SIGTERM comes before the proxies know${where}`, { skip: noNamespace }, async (t) => {
    const service = await Service.start(t, starter)
    const { pod, endpoints } = service
    const endRequest = await beginRequest(pod)
    const begun = await terminate(t, pod)
    await endpoints.moreFrom(pod.target, 10)
    t.strictSame(pod.shipped.output.all('draining'), [], 'accepts as ever')
    t.ok(service.keptBy(pod) > 0, 'nobody is asked to close yet')
    endpoints.remove(pod.target)
    await pod.shipped.output.event('draining')
    t.match(await endRequest(), { status: 200, headers: { connection: 'close' } })
    await endsUnnoticed(t, service, begun)
  })

  t.test(`SIGTERM comes after the proxies know${where}`, { skip: noNamespace }, async (t) => {
    const service = await Service.start(t, starter)
    const { pod, other, endpoints, load } = service
    endpoints.remove(pod.target)
    await endpoints.moreFrom(other.target, 10)
    await load.answered(20)
    t.ok(service.keptBy(pod) > 0, 'open connections stay')
    const endRequest = await beginRequest(pod)
    const begun = await terminate(t, pod)
    await pod.shipped.output.event('draining')
    t.match(await endRequest(), { status: 200, headers: { connection: 'close' } })
    await endsUnnoticed(t, service, begun)
  })
}

t.test('without lameDuck, proxies that do not know yet are refused', { skip: noNamespace }, async (t) => {
  const pod = await Pod.start(t, { ...(await shorterLimits()), lameDuck: 0 })
  const endRequest = await beginRequest(pod)
  pod.signal('SIGTERM')
  await untilRefused(pod.target)
  t.match(await endRequest(), { status: 200 }, 'while the pod still works')
  t.equal(await pod.exitCode(), 0)
})

const greetingOf = async (pod: Pod) => JSON.parse((await pod.probe('/')).body).greeting

const fromMetricsPort = (pod: Pod, path: string) =>
  fetch(`http://127.0.0.1:${pod.metricsPort}${path}`, { headers: { connection: 'close' } })

const metricsOf = async (pod: Pod) => new Metrics(await (await fromMetricsPort(pod, '/metrics')).text())

/** What README.md has executed in a pod. */
async function commandsInPod(): Promise<string[]> {
  const text = await readFile(join(KUBERNETES, 'README.md'), 'utf8')
  return [...text.matchAll(/^kubectl exec \S+ -- (.*)$/gm)].map(([, command = '']) => command)
}

t.test('a changed configuration reloads; one that is broken does not', { skip: noNamespace }, async (t) => {
  const pod = await Pod.start(t, { ...(await shorterLimits()), lameDuck: 0, probation: 300 })
  const endpoints = new Endpoints(pod.target)
  const clients = ['/', READY, LIVE].flatMap((path) =>
    [false, true].map((keepsAlive) => new ServiceClient(endpoints, { path, keepsAlive }))
  )
  const load = new Load(clients, { pause: 10 })
  await load.reached(1)
  t.equal(await greetingOf(pod), 'hello')

  await pod.configure('{ "greeting": ')
  await pod.shipped.output.event('reload-failed')
  t.equal(await greetingOf(pod), 'hello')
  t.equal((await metricsOf(pod)).get('last_reload_successful'), 0)

  await pod.configure('{ "greeting": "hi" }')
  await pod.shipped.serving(2)
  await load.reached(2)
  t.equal(await greetingOf(pod), 'hi')

  if (process.getuid?.() === 0) await t.rejects(pod.exec('touch file'), /Read-only file system/)
  const [reload = '', signal = ''] = await commandsInPod()
  t.match(await pod.exec(reload), /generation 3/)
  await pod.exec(signal)
  await pod.shipped.serving(4)
  await load.reached(4)
  await unnoticed(t, load)
  await pod.shipped.output.event((line) => line.graceful === 'reload-succeeded' && line.generation === 3)

  t.match((await metricsOf(pod)).all('reloads_total'), { '{outcome="failed"}': 1, '{outcome="succeeded"}': 3 })
  t.strictSame(pod.shipped.output.all('warning'), [])
  t.equal((await fromMetricsPort(pod, '/status')).status, 404, 'nothing else of the control socket')
  await stop(t, pod)
})
