import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync } from 'node:fs'
import { writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

const ROOT = fileURLToPath(new URL('../..', import.meta.url))
const PACKAGES = ['fastify', '@fastify/websocket', 'close-with-grace']

/** A folder with a copy of the app, in which one release follows the other. */
export class ReleaseFolder {
  path = mkdtempSync(join(tmpdir(), 'fastify-graceful-reload-'))
  #source = readFileSync(new URL('server.mjs', import.meta.url), 'utf8')

  constructor() {
    this.#link('fastify-graceful-reload', ROOT)
    for (const name of PACKAGES) this.#link(name, join(ROOT, 'node_modules', name))
  }

  get script() {
    return join(this.path, 'server.mjs')
  }

  /** Edits the app: another number, or one that does not even parse. */
  async write({ number, isBroken = false }) {
    await writeFile(this.script, this.#source.replace('RELEASE = 1', isBroken ? 'RELEASE =' : `RELEASE = ${number}`))
  }

  remove() {
    rmSync(this.path, { recursive: true, force: true })
  }

  #link(name, target) {
    const path = join(this.path, 'node_modules', name)
    mkdirSync(dirname(path), { recursive: true })
    symlinkSync(target, path)
  }
}
