import { mkdir, readFile, rename, symlink, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import type { Test } from 'tap'
import type { Target } from './connection.js'
import { HttpConnection } from './connection.js'
import { containerCommand, type Starter } from './deploy.js'
import { freePort } from './free-port.js'
import type { Response } from './http.js'
import { AS_PID_1 } from './namespace.js'
import { PACKAGE_ROOT } from './release.js'
import { installShipped, Shipped } from './shipped.js'
import { tempFolder } from './temp-folder.js'

/** The files of example/kubernetes. */
export const KUBERNETES = join(PACKAGE_ROOT, 'example/kubernetes')

/** How long a stop may take: what limits.mjs of the example exports. Milliseconds. */
export interface StopLimits {
  lameDuck: number
  drainTimeout: number
  closeTimeout: number
}

/** The limits of the example. */
export async function shippedLimits(): Promise<StopLimits> {
  const { limits } = await import(pathToFileURL(join(KUBERNETES, 'limits.mjs')).href)
  return limits
}

/** What the pod gets beyond its limits, by README.md of the example. Milliseconds. */
const RESERVE = 15_000

/** How long Kubernetes must wait before it kills a pod with these limits. Milliseconds. */
export function gracePeriod({ lameDuck, drainTimeout, closeTimeout }: StopLimits): number {
  return lameDuck + drainTimeout + closeTimeout + RESERVE
}

/** Runs a command with a root file system that is read-only but for `TMPDIR`, where the user may do that. */
const READ_ONLY = ['sh', '-c', 'mount --bind "$TMPDIR" "$TMPDIR" && mount -o remount,bind,ro /; exec "$0" "$@"']

/** The container of example/kubernetes, as the kubelet has it: PID 1, its probes and its mounted configuration. */
export class Pod {
  readonly target: Target
  readonly shipped: Shipped
  /** Where Prometheus finds the metrics. */
  readonly metricsPort: number
  readonly #config: ConfigFolder

  private constructor(shipped: Shipped, metricsPort: number, config: ConfigFolder) {
    this.shipped = shipped
    this.target = { host: '127.0.0.1', port: shipped.port }
    this.metricsPort = metricsPort
    this.#config = config
  }

  /** Starts the container, and waits until its server serves. */
  static async start(
    t: Test,
    limits: StopLimits & { probation?: number },
    starter: Starter = 'launcher'
  ): Promise<Pod> {
    const place = await tempFolder(t)
    const config = await ConfigFolder.make(join(place, 'config'), { greeting: 'hello' })
    const metricsPort = await freePort()
    const scratch = join(place, 'scratch')
    await mkdir(scratch)
    const env = {
      FASTIFY_GRACEFUL_CONTROL: join(scratch, 'control.sock'),
      TMPDIR: scratch,
      CONFIG_FOLDER: config.path,
      METRICS_PORT: String(metricsPort)
    }
    const install = async (home: string) => {
      const folder = await installShipped(join(home, 'app'), 'kubernetes')
      await writeFile(join(folder, 'limits.mjs'), `export const limits = ${JSON.stringify(limits)}\n`)
      return folder
    }
    const command = [
      ...(AS_PID_1 ?? []),
      ...READ_ONLY,
      ...(await containerCommand('Dockerfile', starter, 'kubernetes'))
    ]
    const commandOf = (folder: string) => ['sh', '-c', 'cd "$0" && exec "$@"', folder, ...command]
    return new Pod(await Shipped.start(t, commandOf, { env, install }), metricsPort, config)
  }

  /** Sends a request as a probe does: on its own connection. */
  async probe(path: string): Promise<Response> {
    const connection = await HttpConnection.open(this.target)
    try {
      return await connection.request({ path })
    } finally {
      connection.close()
    }
  }

  /** Sends a signal to PID 1. */
  signal(name: NodeJS.Signals): void {
    process.kill(this.shipped.below, name)
  }

  /** Runs a command in the container, as `kubectl exec` does. */
  exec(command: string): Promise<string> {
    const container = ['--pid', '--mount', '--target', String(this.shipped.below)]
    return this.shipped.order('nsenter', ...container, 'sh', '-c', 'cd "$0" && eval "$1"', this.shipped.folder, command)
  }

  /** Changes the configuration in the pod, as the kubelet does once the ConfigMap has changed. */
  configure(text: string): Promise<void> {
    return this.#config.write(text)
  }

  /** Waits for the end of the container; returns its exit code. */
  async exitCode(): Promise<number | null> {
    const { code } = await this.shipped.exit
    await this.shipped.gone()
    return code
  }
}

/**
 * The folder of a ConfigMap, as the kubelet writes it: the files are links into `..data`, which is a link to a folder
 * with a new name for each change:
 * https://github.com/kubernetes/kubernetes/blob/v1.35.4/pkg/volume/util/atomic_writer.go
 */
class ConfigFolder {
  readonly path: string
  #version = 0

  private constructor(path: string) {
    this.path = path
  }

  static async make(path: string, config: object): Promise<ConfigFolder> {
    const folder = new ConfigFolder(path)
    await mkdir(path)
    await folder.write(JSON.stringify(config))
    await symlink('..data/config.json', join(path, 'config.json'))
    await readFile(join(path, 'config.json'))
    return folder
  }

  async write(text: string): Promise<void> {
    const name = `..${++this.#version}`
    await mkdir(join(this.path, name))
    await writeFile(join(this.path, name, 'config.json'), text)
    await symlink(name, join(this.path, '..data_tmp'))
    await rename(join(this.path, '..data_tmp'), join(this.path, '..data'))
  }
}
