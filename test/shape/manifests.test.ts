// What Kubernetes itself would say of example/kubernetes is not known here. Its schemas are, and what the server says.
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { stopLimit } from '../../lib/launcher/limits.js'
import type { Service } from '../../lib/launcher/server.js'
import { resolveOptions } from '../../lib/process/resolved-options.js'
import { Framework } from '../support/frameworks.js'
import { gracePeriod, KUBERNETES, shippedLimits } from '../support/pod.js'
import { type Deployment, type Others, type Probe, readManifests, schemaProblems, typeProblems } from './manifests.js'

const manifests = readManifests(KUBERNETES)
const textOf = (file: string) => readFileSync(join(KUBERNETES, file), 'utf8')

function find<Kind extends keyof Others>(kind: Kind): Others[Kind] {
  return manifests.find((manifest) => manifest.kind === kind) as Others[Kind]
}

const deployment = manifests.find(({ kind }) => kind === 'Deployment') as Deployment
const pod = deployment.spec.template.spec
const [container] = pod.containers
if (container === undefined) throw new Error('the pod has no container')
const { startupProbe, readinessProbe, livenessProbe } = container

/** How long a probe must fail until that counts, at least. Milliseconds. */
const patience = ({ periodSeconds, failureThreshold }: Probe) => periodSeconds * failureThreshold * 1000

t.test('terminationGracePeriodSeconds follows from the limits of the server', async (t) => {
  const limits = await shippedLimits()
  const given = pod.terminationGracePeriodSeconds * 1000
  t.equal(given, gracePeriod(limits))
  const stop = limits.lameDuck + limits.drainTimeout + limits.closeTimeout
  t.ok(given > stopLimit({ times: { stop } } as Service), 'the launcher ends a server that hangs before that')
  const rows = [...textOf('README.md').matchAll(/^\| .* \| (?:\*\*)?(\d+)(?:\*\*)? \|$/gm)].map(([, text]) =>
    Number(text)
  )
  t.equal(rows.pop() ?? 0, pod.terminationGracePeriodSeconds)
  t.equal(
    rows.reduce((sum, row) => sum + row, 0),
    pod.terminationGracePeriodSeconds,
    'the page adds it up'
  )
  t.strictSame(
    rows.slice(0, 3),
    [limits.lameDuck, limits.drainTimeout, limits.closeTimeout].map((limit) => limit / 1000)
  )
  t.notOk('lifecycle' in container, 'no preStop')
})

t.test('the probes ask the routes of the server, and wait for as long as they must', async (t) => {
  const { lameDuck } = await shippedLimits()
  const server = textOf('server.mjs')
  const [, statusRoute] = /statusRoute: '(.+?)'/.exec(server) ?? []
  t.equal(readinessProbe.httpGet.path, statusRoute)
  t.equal(startupProbe.httpGet.path, statusRoute)
  t.not(livenessProbe.httpGet.path, statusRoute, 'a 503 of the status route must not kill the pod')
  t.match(server, `app.get('${livenessProbe.httpGet.path}'`)
  for (const { httpGet } of [startupProbe, readinessProbe, livenessProbe]) t.equal(httpGet.port, 'http')
  const { readyTimeout, health } = resolveOptions({})
  t.ok(patience(startupProbe) > readyTimeout, 'a failed boot is reported first')
  t.ok(patience(livenessProbe) > (health || { hangTimeout: 0 }).hangTimeout, 'a child that hangs is taken back first')
  t.ok(patience(readinessProbe) < lameDuck, 'readiness fails while the server still accepts')
})

t.test('a rolling update never has fewer pods, and a node can be emptied', async (t) => {
  const { replicas, strategy } = deployment.spec
  t.strictSame(strategy.rollingUpdate, { maxUnavailable: 0, maxSurge: 1 })
  t.ok(find('PodDisruptionBudget').spec.maxUnavailable > 0)
  t.ok(find('PodDisruptionBudget').spec.maxUnavailable < replicas)
})

t.test('the objects name each other', async (t) => {
  const labels = deployment.spec.template.metadata.labels
  const [service, monitor] = [find('Service'), find('ServiceMonitor')]
  t.strictSame(deployment.spec.selector.matchLabels, labels)
  t.strictSame(service.spec.selector, labels)
  t.strictSame(find('PodDisruptionBudget').spec.selector.matchLabels, labels)
  t.strictSame(monitor.spec.selector.matchLabels, service.metadata.labels)
  const ports = container.ports.map(({ name }) => name)
  for (const { targetPort } of service.spec.ports) t.ok(ports.includes(targetPort), targetPort)
  for (const { port } of monitor.spec.endpoints)
    t.ok(
      service.spec.ports.some(({ name }) => name === port),
      port
    )
  for (const { path } of monitor.spec.endpoints) t.match(textOf('metrics.mjs'), `app.get('${path}'`)
})

t.test('the pod gives the server what it reads', async (t) => {
  const server = textOf('server.mjs') + textOf('metrics.mjs')
  const defaults = ['PORT', 'METRICS_PORT'].map((name) => Number(new RegExp(` ${name} = '(\\d+)'`).exec(server)?.[1]))
  t.strictSame(
    container.ports.map(({ containerPort }) => containerPort),
    defaults
  )
  t.match(textOf('Dockerfile'), `EXPOSE ${defaults.join(' ')}\n`)
  for (const { name } of container.env) t.match(server, new RegExp(`\\b${name}\\b`), name)
  t.ok(
    container.volumeMounts.some(({ mountPath }) => mountPath === '/tmp'),
    'for temporary files'
  )
  const folderOf = (volume?: string) => container.volumeMounts.find(({ name }) => name === volume)?.mountPath
  const config = pod.volumes.find(({ configMap }) => configMap?.name === find('ConfigMap').metadata.name)
  t.equal(folderOf(config?.name), container.env.find(({ name }) => name === 'CONFIG_FOLDER')?.value)
  t.match(container.env.find(({ name }) => name === 'FASTIFY_GRACEFUL_CONTROL')?.value, `${folderOf('control')}/`)
  t.ok(
    container.volumeMounts.every((mount) => !('subPath' in mount)),
    'what is mounted can change'
  )
  t.match(JSON.parse(find('ConfigMap').data['config.json'] ?? ''), { greeting: String })
})

const models = new Framework('kubernetes-models', 'kubernetes-models@5', '@kubernetes-models/prometheus-operator@6')
const skip = models.missing

t.test('the manifests are valid, and have no field that Kubernetes does not know', { skip }, async (t) => {
  t.equal(manifests.length, 5)
  t.strictSame(await schemaProblems(models, manifests), [])
  t.strictSame(await typeProblems(models, manifests), [])
})

t.test('a manifest that is not valid is found', { skip }, async (t) => {
  const copy = (): Deployment => structuredClone(deployment)
  const wrong = copy()
  Object.assign(wrong.spec.template.spec, { terminationGracePeriodSeconds: '50s' })
  t.match(await schemaProblems(models, [wrong]), [/terminationGracePeriodSeconds/])
  const misspelt = copy()
  Object.assign(misspelt.spec.template.spec.containers[0] as object, { livenesProbe: livenessProbe })
  t.match(await typeProblems(models, [misspelt]), [/livenesProbe/])
})
