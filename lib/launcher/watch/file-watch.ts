import { relative } from 'node:path'
import { type EffectHandler, failureOf, Host, type Machine } from '../../process/host.js'
import {
  beginWatch,
  stepWatch,
  type Watch,
  type WatchEffect,
  type WatchInput,
  type WatchTimer
} from '../../protocol/watch.js'
import { Deadlines } from '../../util/deadline.js'
import { toError } from '../../util/to-error.js'
import { besideOf } from './beside.js'
import { Contents } from './contents.js'
import { Folders } from './folders.js'
import { Loaded } from './loaded.js'
import { failureLines, listOf, untoldLine } from './text.js'
import { isPlain, isSource } from './tree.js'
import { isWanted, type Wanted } from './wanted.js'

/** What is watched besides what the servers load. */
export interface FileWatchSettings {
  /** Where the servers are started. */
  readonly cwd: string
  /** Options of Node, the script and its arguments. */
  readonly args: readonly string[]
  /** Files and folders that were named. */
  readonly paths: readonly string[]
}

export interface FileWatchEvents {
  /** Some files have changed. Rejects when the reload fails. */
  reload(reason: string): Promise<unknown>
  /** Whether a server serves. */
  isServing(): boolean
  /** Tells the person who works on the app. */
  say(line: string): void
}

/** Milliseconds. Steps of one save follow each other within a few; so do the files of a `git checkout`. */
const LIMITS: Readonly<Record<WatchTimer, number>> = { settle: 50, patience: 400, limit: 2000 }

/** The machine that decides when a changed file leads to a reload. */
export function watchMachine(): Machine<Watch, WatchInput, WatchEffect> {
  return { start: beginWatch(), step: stepWatch, name: 'watch', begin: {}, placeOf: (watch) => watch }
}

/** Reloads the servers when a file has changed that one of them has loaded. */
export class FileWatch<S extends object> implements EffectHandler<WatchEffect> {
  readonly #settings: FileWatchSettings
  readonly #events: FileWatchEvents
  readonly #beside: Pick<Wanted, 'home' | 'files' | 'folders'>
  readonly #contents = new Contents()
  readonly #loaded = new Loaded<S>()
  readonly #deadlines = new Deadlines<WatchTimer>((timer) => this.#host.tell({ type: 'due', timer }))
  readonly #host: Host<Watch, WatchInput, WatchEffect>
  readonly #folders: Folders
  #wanted: Wanted
  #isFollowing = false
  /** Whether a server could not be loaded: a file that it did not come to may be what has to be mended. */
  #isBroken = false
  /** Node does not tell what it loads. */
  #isBlind = false
  #hasServed = false
  /** Since when there is something to reload, on the clock of `performance.now()`. */
  #since: number | undefined
  #isClosed = false

  constructor(settings: FileWatchSettings, events: FileWatchEvents) {
    this.#settings = settings
    this.#events = events
    this.#beside = besideOf(settings.cwd, settings.args)
    this.#wanted = { ...this.#beside, trees: [] }
    for (const path of this.#beside.files) this.#contents.note(path)
    this.#host = new Host(watchMachine(), this)
    this.#folders = new Folders({
      touched: (path) => this.#touched(path),
      seen: (path) => this.#contents.note(path),
      untold: (error) => events.say(untoldLine(error))
    })
    this.#follow()
  }

  /** A server is about to load these. */
  loaded(server: S, paths: readonly string[]): void {
    const added = this.#loaded.add(server, paths)
    for (const path of added) this.#contents.note(path)
    if (added.length > 0) this.#follow()
  }

  /** A server serves. */
  serves(): void {
    if (this.#hasServed) return
    this.#hasServed = true
    const count = this.#loaded.all.size
    this.#isBlind = count === 0
    if (this.#isBlind) this.#follow()
    const what = this.#isBlind ? `the files of ${this.#beside.home}` : `${count} file${count === 1 ? '' : 's'}`
    this.#events.say(`watching ${what}: a change reloads`)
  }

  /** A reload is over, of any caller. `current`: the servers of the workers now. */
  over(isDone: boolean, current: readonly S[]): void {
    const { last } = this.#loaded
    this.#isBroken = !isDone
    this.#loaded.keep(isDone || last === undefined ? current : [...current, last])
    this.#follow()
  }

  /** A server could not be started, and the next one waits for a change. */
  held(why: string): void {
    this.#events.say(why)
    this.#isBroken = true
    this.#follow()
  }

  close(): void {
    this.#isClosed = true
    this.#deadlines.clear()
    this.#folders.close()
  }

  carryOut(effect: WatchEffect): unknown {
    switch (effect.do) {
      case 'wait':
        return this.#deadlines.wait(effect.timer, LIMITS[effect.timer])
      case 'cancel':
        return this.#deadlines.cancel(effect.timer)
      case 'compare':
        return this.#compare(effect.paths, effect.isFinal)
      case 'reload':
        return this.#reload(effect.paths)
      default:
        return effect satisfies never
    }
  }

  failed(effect: WatchEffect, error: unknown): void {
    this.#events.say(failureOf(effect, error))
  }

  rested(): void {
    const { touched, changed } = this.#host.state
    if (touched.length === 0 && changed.length === 0) this.#since = undefined
  }

  #touched(path: string): void {
    if (this.#isClosed) return
    this.#since ??= performance.now()
    this.#host.tell({ type: 'touched', path })
  }

  /** What is not wanted any more is not known any more either, and would look new. */
  #compare(paths: readonly string[], isFinal: boolean): void {
    const wanted = paths.filter((path) => isWanted(this.#wanted, path))
    this.#host.tell({ type: 'compared', ...this.#contents.compare(wanted, isFinal) })
  }

  async #reload(paths: readonly string[]): Promise<void> {
    const since = this.#since ?? performance.now()
    this.#since = undefined
    const { cwd } = this.#settings
    const what = listOf(paths.map((path) => relative(cwd, path) || path))
    const isStart = !this.#events.isServing()
    try {
      await this.#events.reload(`${what} changed`)
      const time = Math.round(performance.now() - since)
      if (isStart) this.#events.say(`started in ${time} ms: ${what}`)
      else this.#events.say(`reloaded in ${time} ms: ${what}`)
    } catch (error) {
      // Of a server that could not be started, that has been said.
      if (!this.#isClosed && this.#events.isServing())
        for (const line of failureLines(toError(error), what)) this.#events.say(line)
    }
    this.#host.tell({ type: 'reloaded' })
  }

  /** Files are reported one by one; all that are reported in one turn are followed together. */
  #follow(): void {
    if (this.#isFollowing) return
    this.#isFollowing = true
    setImmediate(() => {
      this.#isFollowing = false
      if (this.#isClosed) return
      this.#wanted = this.#wantedNow()
      // A file may change while nobody wants it, and who loads it then loads it as it is.
      this.#contents.keep((path) => isWanted(this.#wanted, path))
      this.#folders.follow(this.#wanted)
    })
  }

  #wantedNow(): Wanted {
    const { home, files, folders } = this.#beside
    const named = this.#settings.paths.map((path) => [path, isPlain] as const)
    const all = this.#isBroken || this.#isBlind ? [[home, isSource] as const] : []
    return { home, files: new Set([...files, ...this.#loaded.all]), folders, trees: [...named, ...all] }
  }
}
