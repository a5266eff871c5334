import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { text } from 'node:stream/consumers'
import { within } from './limit.js'
import { missing } from './programs.js'

/** Why tests with promtool must be skipped; false if it is here. */
export const NO_PROMTOOL = missing('promtool')

/** Metrics as they are read. */
export class Metrics {
  readonly text: string
  /** The values by the name with the labels, as they stand in the text. */
  readonly values: ReadonlyMap<string, number>

  constructor(text: string) {
    this.text = text
    const samples = text.split('\n').filter((line) => line !== '' && !line.startsWith('#'))
    this.values = new Map(
      samples.map((line) => [line.slice(0, line.lastIndexOf(' ')), Number(line.slice(line.lastIndexOf(' ') + 1))])
    )
  }

  /** What there is of each metric, by its name without the prefix: the type and the names of the labels. */
  get families(): Map<string, { type: string; labels: string[] }> {
    const types = [...this.text.matchAll(/^# TYPE fastify_graceful_(\S+) (\S+)$/gm)]
    return new Map(types.map(([, name = '', type = '']) => [name, { type, labels: this.#labelsOf(name) }]))
  }

  /** A value, by what stands behind the prefix. */
  get(name: string): number | undefined {
    return this.values.get(`fastify_graceful_${name}`)
  }

  /** The values that begin in this way, by what follows. */
  all(name: string): Record<string, number> {
    const prefix = `fastify_graceful_${name}`
    const found = [...this.values].filter(([key]) => key.startsWith(prefix))
    return Object.fromEntries(found.map(([key, value]) => [key.slice(prefix.length), value]))
  }

  /** The counters that are less than they were. */
  lessThan(before: Metrics): string[] {
    const counters = [...before.values].filter(([key]) => /_total(\{|$)/.test(key))
    return counters.flatMap(([key, value]) => ((this.values.get(key) ?? 0) < value ? [key] : []))
  }

  #labelsOf(name: string): string[] {
    const [, labels = ''] = new RegExp(`^fastify_graceful_${name}\\{(.*)\\} `, 'm').exec(this.text) ?? []
    return [...labels.matchAll(/(\w+)="/g)].map(([, label = '']) => label)
  }
}

/** What curl finds at a control socket. */
export async function metricsAt(control: string, ...args: string[]): Promise<Metrics> {
  const command = ['-sSf', '--unix-socket', control, ...args, 'http://server/metrics']
  const child = spawn('curl', command, { stdio: ['ignore', 'pipe', 'inherit'] })
  const [printed] = await within(Promise.all([text(child.stdout), once(child, 'exit')]), 'metrics')
  return new Metrics(printed)
}

/** Asks until it is so. */
export async function metricsWhen(control: string, isSo: (metrics: Metrics) => boolean): Promise<Metrics> {
  const look = async (): Promise<Metrics> => {
    const metrics = await metricsAt(control)
    return isSo(metrics) ? metrics : look()
  }
  return within(look(), 'metrics')
}

/** What promtool has to say about metrics; nothing if they are well. */
export function promtoolSays(metrics: string): string {
  const { status, stdout, stderr } = spawnSync('promtool', ['check', 'metrics'], { input: metrics, encoding: 'utf8' })
  return status === 0 ? stdout + stderr : `${stdout}${stderr} (exit ${status})`
}
