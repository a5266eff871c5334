import { spawnSync } from 'node:child_process'
import { existsSync, mkdirSync, writeFileSync } from 'node:fs'
import { mkdir, symlink } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { PACKAGE_ROOT, type Release } from './release.js'

/** Other people's packages, with which a test runs, and which are no dependency of this one. */
export class Framework {
  /** Why a test must be skipped; false if it need not. */
  readonly missing: string | false
  readonly #modules: string

  /**
   * Installs the packages if need be. npm keeps them until the next `npm ci`.
   *
   * @param folder - a name for the lot; one for each test file, as two of them may install at the same time
   * @param packages - with their versions, as `mercurius@16`
   */
  constructor(folder: string, ...packages: string[]) {
    const place = join(PACKAGE_ROOT, 'node_modules/.cache/frameworks', folder)
    this.#modules = join(place, 'node_modules')
    const names = packages.map((each) => each.slice(0, each.lastIndexOf('@')))
    const isThere = () => names.every((name) => existsSync(join(this.#modules, name, 'package.json')))
    if (!isThere()) {
      mkdirSync(place, { recursive: true })
      writeFileSync(join(place, 'package.json'), '{ "private": true }\n')
      const quiet = ['--no-audit', '--no-fund', '--no-package-lock', '--ignore-scripts', '--loglevel=error']
      spawnSync('npm', ['install', '--prefix', place, ...quiet, ...packages], { cwd: place, stdio: 'ignore' })
    }
    this.missing = !isThere() && `npm cannot install ${packages.join(', ')} here`
  }

  /** Loads a package into the test. */
  load<T>(name: string): T {
    return createRequire(join(this.#modules, 'test.cjs'))(name) as T
  }

  /** Lets the scripts of a release find packages. */
  async provide(release: Release, ...names: string[]): Promise<undefined> {
    for (const name of names) {
      const link = release.path(join('node_modules', name))
      await mkdir(dirname(link), { recursive: true })
      await symlink(join(this.#modules, name), link)
    }
  }
}
