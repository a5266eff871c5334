import { execFile } from 'node:child_process'
import { cp, mkdir, readFile, rm, symlink, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { PACKAGE_ROOT } from './release.js'

/** What the app of a release needs; the plugin is in each release itself, as npm puts it there. */
const PACKAGES = ['fastify', 'fastify-plugin', 'close-with-grace', '@fastify/error']

/** Releases in their own folders and the link `current`, as docs/deploy.md has them in /srv/app. */
export class ReleaseFolders {
  /** In place of /srv/app. */
  readonly folder: string
  /** The app of each release, as a file of example/. */
  readonly #app: string
  /** Changes the text of that. */
  readonly #edit: (text: string) => string

  private constructor(folder: string, app: string, edit: (text: string) => string) {
    this.folder = folder
    this.#app = app
    this.#edit = edit
  }

  /** Makes the folder, with release 1 behind the link. */
  static async make(folder: string, app: string, edit = (text: string) => text): Promise<ReleaseFolders> {
    const folders = new ReleaseFolders(folder, app, edit)
    await mkdir(folder)
    await folders.write('switch.sh')
    await folders.switchTo(1)
    return folders
  }

  path(file: string): string {
    return join(this.folder, file)
  }

  /** A file of example/releases: as it is, but for what the user must replace. */
  async read(file: string): Promise<string> {
    return this.#replaced(await readFile(join(PACKAGE_ROOT, 'example/releases', file), 'utf8'))
  }

  /** Writes a file of example/releases into the folder, changed where the test wants that; returns its path. */
  async write(file: string, change = (text: string) => text): Promise<string> {
    await writeFile(this.path(file), change(await this.read(file)))
    return this.path(file)
  }

  /** Adds a release that answers with its number, and leads the link to it as the documentation says. */
  async switchTo(release: number): Promise<void> {
    const folder = this.path(`releases/${release}`)
    const modules = join(folder, 'node_modules')
    await mkdir(join(modules, '.bin'), { recursive: true })
    await mkdir(join(modules, '@fastify'))
    for (const name of PACKAGES) await symlink(join(PACKAGE_ROOT, 'node_modules', name), join(modules, name))
    const plugin = join(modules, 'fastify-graceful-reload')
    await cp(join(PACKAGE_ROOT, 'dist/package'), join(plugin, 'dist/package'), { recursive: true })
    await cp(join(PACKAGE_ROOT, 'package.json'), join(plugin, 'package.json'))
    await symlink('../fastify-graceful-reload/dist/package/cli/bin.js', join(modules, '.bin/fastify-graceful-reload'))
    await promisify(execFile)('chmod', ['+x', join(plugin, 'dist/package/cli/bin.js')])
    const text = await readFile(join(PACKAGE_ROOT, 'example', this.#app), 'utf8')
    await writeFile(
      join(folder, 'server.js'),
      this.#replaced(this.#edit(text)).replace("'world'", `'release ${release}'`)
    )
    await writeFile(join(folder, 'package.json'), JSON.stringify({ version: `${release}.0.0` }))
    await promisify(execFile)('sh', [this.path('switch.sh'), String(release)])
  }

  /** Deletes a release, as a deployment does with old ones. */
  async remove(release: number): Promise<void> {
    await rm(this.path(`releases/${release}`), { recursive: true })
  }

  #replaced(text: string): string {
    return text.replaceAll('/srv/app', this.folder).replaceAll('/usr/bin/node', process.execPath)
  }
}

/** The section "Release folders" of docs/deploy.md. */
export async function releaseFoldersSection(): Promise<string> {
  const text = await readFile(join(PACKAGE_ROOT, 'docs/deploy.md'), 'utf8')
  return /^## Release folders\n.*?(?=^## )/ms.exec(text)?.[0] ?? ''
}
