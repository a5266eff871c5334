import { mkdir, symlink } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { installOnce } from './install.js'
import { PACKAGE_ROOT, type Release } from './release.js'

/** Other people's packages, with which a test runs, and which are no dependency of this one. */
export class Framework {
  /** Why a test must be skipped; false if it need not. */
  readonly missing: string | false
  /** Where they are installed. Other things that are kept there stay as long. */
  readonly folder: string
  readonly #modules: string

  /**
   * Installs the packages if need be. npm keeps them until the next `npm ci`.
   *
   * @param folder - a name for the lot, which stands for these packages and versions
   * @param packages - with their versions, as `mercurius@16`
   */
  constructor(folder: string, ...packages: string[]) {
    this.folder = join(PACKAGE_ROOT, 'node_modules/.cache/frameworks', folder)
    this.#modules = join(this.folder, 'node_modules')
    this.missing = !installOnce(this.folder, packages) && `npm cannot install ${packages.join(', ')} here`
  }

  /** Where a package is, or a file of it. */
  path(name: string, file = ''): string {
    return join(this.#modules, name, file)
  }

  /** Loads a package into the test. */
  load<T>(name: string): T {
    return createRequire(join(this.#modules, 'test.cjs'))(name) as T
  }

  /** Lets the scripts of a release find packages. */
  async provide(release: Release, ...names: string[]): Promise<undefined> {
    await this.provideTo(release.path('node_modules'), ...names)
  }

  /** The same for what looks into this `node_modules`. */
  async provideTo(modules: string, ...names: string[]): Promise<void> {
    for (const name of names) {
      const link = join(modules, name)
      await mkdir(dirname(link), { recursive: true })
      await symlink(join(this.#modules, name), link)
    }
  }
}
