import { INSTALLED } from '../../internals/loaded-files.js'

/** Which files each server has loaded, or tried to. */
export class Loaded<S extends object> {
  readonly #byServer = new Map<S, Set<string>>()
  /** Servers whose files count no more, although they may still load some. */
  readonly #former = new WeakSet<S>()

  /** Returns those that are new. */
  add(server: S, paths: readonly string[]): string[] {
    if (this.#former.has(server)) return []
    const known = this.#byServer.get(server) ?? new Set()
    this.#byServer.set(server, known)
    const before = this.all
    // An install changes thousands of files of packages, and is noticed in another way.
    for (const path of paths) if (!path.includes(INSTALLED)) known.add(path)
    return [...known].filter((path) => !before.has(path))
  }

  /** From here on the files of these servers count, and of those that are still to come. */
  keep(servers: readonly S[]): void {
    for (const server of this.#byServer.keys()) {
      if (servers.includes(server)) continue
      this.#byServer.delete(server)
      this.#former.add(server)
    }
  }

  /** The server that has begun to load last: after a failed reload, the one that failed. */
  get last(): S | undefined {
    return [...this.#byServer.keys()].at(-1)
  }

  get all(): Set<string> {
    return new Set([...this.#byServer.values()].flatMap((files) => [...files]))
  }
}
