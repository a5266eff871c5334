import { rmSync } from 'node:fs'
import { mkdir, mkdtemp, readFile, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

const root = fileURLToPath(new URL('../..', import.meta.url))

/** A folder with a copy of the server, in which one release follows the other. */
export class ReleaseFolder {
  static async create() {
    const path = await mkdtemp(join(tmpdir(), 'fastify-graceful-reload-demo-'))
    await mkdir(join(path, 'node_modules'))
    await symlink(root, join(path, 'node_modules', 'fastify-graceful-reload'))
    await symlink(join(root, 'node_modules', 'fastify'), join(path, 'node_modules', 'fastify'))
    const folder = new ReleaseFolder(path, await readFile(new URL('server.mjs', import.meta.url), 'utf8'))
    await folder.write(1)
    return folder
  }

  constructor(path, source) {
    this.path = path
    this.source = source
  }

  get script() {
    return join(this.path, 'server.mjs')
  }

  /** Edits the server: another release number. */
  async write(release) {
    await writeFile(this.script, this.source.replace('RELEASE = 1', `RELEASE = ${release}`))
  }

  /** Edits the server badly: a file that does not even parse. */
  async writeBroken() {
    await writeFile(this.script, this.source.replace('RELEASE = 1', 'RELEASE ='))
  }

  /** Removes it, also on the way out. */
  remove() {
    rmSync(this.path, { recursive: true, force: true })
  }
}
