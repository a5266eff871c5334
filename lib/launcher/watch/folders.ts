import { join } from 'node:path'
import { Folder, identityOf } from './folder.js'
import { filesIn } from './tree.js'
import { foldersOf, isWanted, meantIn, type Wanted, type WantedInFolder } from './wanted.js'

/** What is reported about the files. */
export interface FoldersEvents {
  /** It may have changed, come or gone. */
  touched(path: string): void
  /** It was there when the watch of its folder began. */
  seen(path: string): void
  /** The system does not report changes of some folders, for this reason: this process looks at them instead. */
  untold(error: NodeJS.ErrnoException): void
}

/** For how long changes of the folders themselves are collected. Milliseconds. */
const RENEWAL = 20

interface Watched {
  readonly folder: Folder
  wanted: WantedInFolder
}

/** All folders that are watched: those of the files that are wanted, for as long as they are. */
export class Folders {
  readonly #events: FoldersEvents
  readonly #watched = new Map<string, Watched>()
  #wanted: Wanted = { home: '/', files: new Set(), folders: [], trees: [] }
  #renewal: NodeJS.Timeout | undefined
  #isUntold = false

  constructor(events: FoldersEvents) {
    this.#events = events
  }

  /** Watches these from now on. */
  follow(wanted: Wanted): void {
    const before = this.#wanted
    this.#wanted = wanted
    this.#update(before)
    // It may have changed before its folder was watched, or while it was not meant.
    for (const file of wanted.files) if (!before.files.has(file)) this.#events.touched(file)
  }

  close(): void {
    clearTimeout(this.#renewal)
    for (const { folder } of this.#watched.values()) folder.close()
    this.#watched.clear()
  }

  /** @param before - what was wanted until now: whatever of it is found in a new folder has come with that */
  #update(before: Wanted): void {
    const byFolder = foldersOf(this.#wanted)
    for (const [path, watched] of this.#watched) {
      const wanted = byFolder.get(path)
      if (wanted !== undefined && identityOf(wanted.stats) === watched.folder.identity) continue
      watched.folder.close()
      this.#watched.delete(path)
      // What was in it has gone with it.
      if (wanted === undefined) for (const name of watched.wanted.names) this.#events.touched(join(path, name))
    }
    for (const [path, wanted] of byFolder) {
      const known = this.#watched.get(path)
      const isNew = known === undefined || known.wanted.meant.length !== wanted.meant.length
      if (known === undefined) this.#watched.set(path, { folder: this.#open(path, wanted), wanted })
      else known.wanted = wanted
      if (isNew) this.#look(path, wanted, before)
    }
  }

  #look(path: string, wanted: WantedInFolder, before: Wanted): void {
    for (const file of meantIn(path, wanted, filesIn(path)))
      if (isWanted(before, file)) this.#events.touched(file)
      else this.#events.seen(file)
  }

  #open(path: string, { stats }: WantedInFolder): Folder {
    return new Folder(path, stats, {
      touched: (name) => this.#touched(path, name),
      renewed: () => this.#renew(),
      untold: (error) => {
        if (!this.#isUntold) this.#events.untold(error)
        this.#isUntold = true
      }
    })
  }

  #touched(path: string, name: string | undefined): void {
    const wanted = this.#watched.get(path)?.wanted
    if (wanted === undefined) return
    const { names, meant } = wanted
    if (name === undefined) for (const file of meantIn(path, wanted, filesIn(path))) this.#events.touched(file)
    else if (names.has(name) || meant.some((isMeant) => isMeant(name))) this.#events.touched(join(path, name))
  }

  #renew(): void {
    this.#renewal ??= setTimeout(() => {
      this.#renewal = undefined
      this.#update(this.#wanted)
    }, RENEWAL)
  }
}
