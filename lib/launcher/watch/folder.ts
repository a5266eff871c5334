import { type FSWatcher, type Stats, watch } from 'node:fs'
import { basename } from 'node:path'

/** How often this process looks at a folder whose changes the system does not report. Milliseconds. */
const LOOK_INTERVAL = 1000

/** What happens in a folder. */
export interface FolderEvents {
  /** Something has happened to the entry with this name; undefined: to any of them. */
  touched(name: string | undefined): void
  /** Entries have come or gone, or the folder itself has. */
  renewed(): void
  /** The system does not report changes of this folder, for this reason. */
  untold(error: NodeJS.ErrnoException): void
}

/**
 * One folder that is watched. Folders are watched, and not files: editors save by renaming a new file into the place of
 * the old one, which the watch of a file would follow out of the way.
 */
export class Folder {
  readonly #identity: string
  readonly #path: string
  readonly #events: FolderEvents
  #watcher: FSWatcher | undefined
  #timer: NodeJS.Timeout | undefined
  #isGone = false

  constructor(path: string, stats: Stats, events: FolderEvents) {
    this.#path = path
    this.#events = events
    this.#identity = identityOf(stats)
    try {
      this.#watcher = watch(path, (event, name) => this.#hear(event, name ?? undefined))
      this.#watcher.on('error', (error) => this.#lookInstead(error))
    } catch (error) {
      this.#lookInstead(error as NodeJS.ErrnoException)
    }
  }

  /** Which folder it is: another one may take its place, perhaps with the same number. Empty if it has gone. */
  get identity(): string {
    return this.#isGone ? '' : this.#identity
  }

  close(): void {
    this.#watcher?.close()
    clearInterval(this.#timer)
  }

  #hear(event: string, name: string | undefined): void {
    this.#events.touched(name)
    // That of the folder itself comes with its own name: https://man7.org/linux/man-pages/man7/inotify.7.html,
    // IN_DELETE_SELF. Of an entry with that name the watch only begins again.
    const isOwn = name === basename(this.#path)
    if (event === 'rename' && isOwn) this.#isGone = true
    if (event === 'rename' || isOwn) this.#events.renewed()
  }

  #lookInstead(error: NodeJS.ErrnoException): void {
    this.close()
    if (error.code === 'ENOENT' || error.code === 'ENOTDIR') {
      this.#isGone = true
      this.#events.renewed()
      return
    }
    this.#events.untold(error)
    this.#timer = setInterval(() => {
      this.#events.touched(undefined)
      this.#events.renewed()
    }, LOOK_INTERVAL)
  }
}

/** Tells one folder from another at the same path. */
export function identityOf({ dev, ino }: Stats): string {
  return `${dev} ${ino}`
}
