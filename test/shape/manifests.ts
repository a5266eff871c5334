import { execFile } from 'node:child_process'
import { readdirSync, readFileSync } from 'node:fs'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { promisify } from 'node:util'
import { parse } from 'yaml'
import { bare, ownEnvironment } from '../support/bare.js'
import type { Framework } from '../support/frameworks.js'
import { PACKAGE_ROOT } from '../support/release.js'

/** An object of Kubernetes. */
export interface Manifest {
  apiVersion: string
  kind: string
  metadata: { name: string; labels?: Record<string, string> }
  spec?: unknown
}

/** A probe of a container. Seconds. */
export interface Probe {
  httpGet: { path: string; port: string }
  periodSeconds: number
  failureThreshold: number
}

/** What the tests read of a Deployment. */
export interface Deployment extends Manifest {
  spec: {
    replicas: number
    strategy: { rollingUpdate: { maxUnavailable: number; maxSurge: number } }
    selector: { matchLabels: Record<string, string> }
    template: {
      metadata: { labels: Record<string, string> }
      spec: {
        terminationGracePeriodSeconds: number
        containers: Array<{
          lifecycle?: unknown
          ports: Array<{ name: string; containerPort: number }>
          env: Array<{ name: string; value: string }>
          startupProbe: Probe
          readinessProbe: Probe
          livenessProbe: Probe
          volumeMounts: Array<{ name: string; mountPath: string; subPath?: string }>
        }>
        volumes: Array<{ name: string; configMap?: { name: string } }>
      }
    }
  }
}

/** What the tests read of the other objects. */
export interface Others {
  Service: Manifest & { spec: { selector: Record<string, string>; ports: Array<{ name: string; targetPort: string }> } }
  ServiceMonitor: Manifest & {
    spec: { selector: { matchLabels: Record<string, string> }; endpoints: Array<{ port: string; path: string }> }
  }
  PodDisruptionBudget: Manifest & {
    spec: { maxUnavailable: number; selector: { matchLabels: Record<string, string> } }
  }
  ConfigMap: Manifest & { data: Record<string, string> }
}

/** The objects of all files of a folder, and of the folders in it. */
export function readManifests(folder: string): Manifest[] {
  const files = readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter((name) => name.endsWith('.yaml'))
  return files.sort().map((name) => parse(readFileSync(join(folder, name), 'utf8')) as Manifest)
}

/** The package that has the kind of an object. */
function packageOf({ apiVersion }: Manifest): string {
  const isOfOperator = apiVersion.startsWith('monitoring.coreos.com/')
  return isOfOperator ? '@kubernetes-models/prometheus-operator' : 'kubernetes-models'
}

type Model = Record<string, new (manifest: Manifest) => { validate(): void }>

/** What is wrong with objects by the schemas of their kinds, which let unknown fields pass. */
export async function schemaProblems(models: Framework, manifests: Manifest[]): Promise<string[]> {
  const problems = manifests.map(async (manifest) => {
    const { apiVersion, kind } = manifest
    const path = models.path(packageOf(manifest), `${apiVersion}/${kind}.js`)
    const { [kind]: Class } = (await import(pathToFileURL(path).href)) as Model
    if (Class === undefined) return [`there is no ${kind}`]
    try {
      new Class(manifest).validate()
      return []
    } catch (err) {
      return [`${kind}: ${(err as Error).message}`]
    }
  })
  return (await Promise.all(problems)).flat()
}

/** What is wrong with objects by the types of their kinds, which know all fields. */
export async function typeProblems(models: Framework, manifests: Manifest[]): Promise<string[]> {
  const folder = await mkdtemp(join(models.folder, 'check-'))
  try {
    const text = manifests.map((manifest, index) => {
      const from = `${packageOf(manifest)}/${manifest.apiVersion}/${manifest.kind}`
      const type = `import type { I${manifest.kind} as Kind${index} } from '${from}'`
      return `${type}\nexport const object${index}: Kind${index} = ${JSON.stringify(manifest)}\n`
    })
    await writeFile(join(folder, 'check.mts'), text.join(''))
    return await compile(folder, 'check.mts')
  } finally {
    await rm(folder, { recursive: true })
  }
}

/** The errors of TypeScript. */
async function compile(folder: string, file: string): Promise<string[]> {
  const options = ['--ignoreConfig', '--noEmit', '--strict', '--skipLibCheck', '--module', 'nodenext', '--types', '']
  const command = bare(ownEnvironment(), join(PACKAGE_ROOT, 'node_modules/.bin/tsc'), [...options, file])
  const printed = await promisify(execFile)(...command, { cwd: folder }).catch((failed: { stdout: string }) => failed)
  return printed.stdout.split('\n').filter((line) => line.includes('error TS'))
}
