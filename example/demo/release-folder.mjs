import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync } from 'node:fs'
import { writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

const root = fileURLToPath(new URL('../..', import.meta.url))

/** What can be wrong with a release. */
const FAULTS = {
  'does not parse': (source) => source.replace('const RELEASE', 'const const RELEASE'),
  crashes: (source) => source.replace('CRASHES = false', 'CRASHES = true')
}

/** A folder with a copy of the server, in which one release follows the other. */
export class ReleaseFolder {
  path = mkdtempSync(join(tmpdir(), 'fastify-graceful-reload-demo-'))
  #source

  /** @param packages - that the server imports besides this one */
  constructor({ source = new URL('server.mjs', import.meta.url), packages = ['fastify'] } = {}) {
    this.#source = readFileSync(source, 'utf8')
    this.#link('fastify-graceful-reload', root)
    for (const name of packages) this.#link(name, join(root, 'node_modules', name))
  }

  get script() {
    return join(this.path, 'server.mjs')
  }

  /** Edits the server: another number, and perhaps a fault. */
  async write({ number, fault }) {
    const source = this.#source.replace('RELEASE = 1', `RELEASE = ${number}`)
    await writeFile(this.script, fault === undefined ? source : FAULTS[fault](source))
  }

  /** Removes the folder, also when the demo ends early. */
  remove() {
    rmSync(this.path, { recursive: true, force: true })
  }

  #link(name, target) {
    const path = join(this.path, 'node_modules', name)
    mkdirSync(dirname(path), { recursive: true })
    symlinkSync(target, path)
  }
}
