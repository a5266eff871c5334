import { cp, mkdir, readFile, rename, rm, symlink, writeFile } from 'node:fs/promises'
import type { SecureServerOptions } from 'node:http2'
import type { ListenOptions } from 'node:net'
import { join, resolve } from 'node:path'
import type { FastifyServerOptions } from 'fastify'
import type { GracefulOptions } from '../../lib/options.js'
import type { GracefulHooks } from '../../lib/process/hooks.js'

/** The root of this package: the harness runs from dist/test/support. */
export const PACKAGE_ROOT = resolve(__dirname, '../../..')

/** A test with another Fastify puts its folder here, for itself and for the test files that it runs. */
const folderOfFastify = () => process.env.OTHER_FASTIFY ?? join(PACKAGE_ROOT, 'node_modules/fastify')

/** What config.json tells the fixture in test/fixtures/app.cjs. */
export interface FixtureConfig {
  /** Comes back in the answers, to tell releases apart. Default: `A`. */
  release?: string
  /** Options of the plugin. */
  options?: Omit<GracefulOptions, 'env'>
  /** Options of the plugin that each app has for itself, in the order of `apps`. */
  optionsOf?: Array<Omit<GracefulOptions, 'env'>>
  /** Makes the option `env` a function that adds these. */
  env?: Record<string, string>
  /** Options of Fastify. */
  fastify?: FastifyServerOptions & { http2?: boolean; https?: SecureServerOptions }
  /** What each Fastify app listens on; the first is the main one. Default: one, on a free port of 127.0.0.1. */
  apps?: ListenOptions[]
  /** What further servers listen on, through `app.graceful.listen`. */
  servers?: ListenOptions[]
  /** What further servers listen on, through their own `listen`. */
  plain?: ListenOptions[]
  /** Fails at boot in this way, or waits for the file `go` of the release. Default: `none`. */
  boot?: 'throw' | 'exit' | 'hang' | 'wait' | 'none'
  /**
   * A child never confirms that it serves: its probation is as long as a test likes, while connections move as fast as
   * `probation` says.
   */
  staysOnProbation?: boolean
  /** Makes `preReload` throw this message. */
  veto?: string
  /**
   * What the first hook of each name does in hooks.cjs. The second one is the same in every fixture. Name the
   * signal hooks.
   */
  hooks?: Partial<Record<keyof GracefulHooks, 'throw' | 'hang' | 'wait' | 'block' | 'note'>>
  /** For a script that is not one of the fixture servers. */
  extra?: Record<string, unknown>
}

/** Options of an app that can be forced to end: by default no signal does that. */
export const FORCIBLE: Pick<GracefulOptions, 'signals'> = { signals: { force: ['SIGUSR2'] } }

const DEFAULT_CONFIG: FixtureConfig = {
  release: 'A',
  options: { probation: 200, drainTimeout: 60_000 },
  apps: [{ port: 0, host: '127.0.0.1' }],
  servers: [],
  plain: []
}

/** A folder with the fixture servers. A test makes a new release when it edits the folder. */
export class Release {
  readonly folder: string
  #config: FixtureConfig = DEFAULT_CONFIG

  private constructor(folder: string) {
    this.folder = folder
  }

  /** Copies the fixture into a new folder, from where it finds this package and all its dependencies. */
  static async create(folder: string, config: FixtureConfig = {}): Promise<Release> {
    await mkdir(join(folder, 'node_modules'), { recursive: true })
    await cp(join(PACKAGE_ROOT, 'test/fixtures'), folder, { recursive: true })
    await symlink(PACKAGE_ROOT, join(folder, 'node_modules/fastify-graceful-reload'))
    await mkdir(join(folder, 'node_modules/@fastify'))
    await symlink(folderOfFastify(), join(folder, 'node_modules/fastify'))
    for (const name of ['@fastify/websocket', 'ws']) {
      await symlink(join(PACKAGE_ROOT, 'node_modules', name), join(folder, 'node_modules', name))
    }
    const release = new Release(folder)
    await release.configure(config)
    return release
  }

  /** Path of a file of this release. */
  path(file: string): string {
    return join(this.folder, file)
  }

  /** Changes the given parts of the config, of which the next generation will read; `options` are merged too. */
  async configure(changes: FixtureConfig): Promise<void> {
    this.#config = { ...this.#config, ...changes, options: { ...this.#config.options, ...changes.options } }
    await this.write('config.json', JSON.stringify(this.#config))
  }

  /** Writes a file of this release, all at once, so that no process ever loads one half of it. */
  async write(file: string, text: string): Promise<void> {
    const temporary = this.path(`${file}.new`)
    await writeFile(temporary, text)
    await rename(temporary, this.path(file))
  }

  /** Reads a file of this release. */
  async read(file: string): Promise<string> {
    return readFile(this.path(file), 'utf8')
  }

  /** Deletes a file of this release. */
  async remove(file: string): Promise<void> {
    await rm(this.path(file))
  }
}
