import { constants } from 'node:os'
import { placesOfListeners } from '../internals/function-location.js'
import {
  type HandlerKind,
  isGraceErrorListener,
  kindOf,
  type ProcessListener,
  runWithoutSignal
} from '../internals/shutdown-handlers.js'
import { callerOf } from '../util/call-site.js'
import { type ForeignHandler, isToBeTold, treatmentOf, type Use, warningsOf } from './foreign-handler.js'
import type { SignalOptions } from './signal-options.js'

/** The events of errors for which close-with-grace and similar packages may be called at the end. */
const ERRORS = ['uncaughtException', 'unhandledRejection']

/** The handlers of this plugin. If an app begins while another one closes, neither may take the other's handlers. */
const OWN = new WeakSet<ProcessListener>()

/**
 * All handlers of the signals of this process that other code has installed. The first one that ends the process cuts
 * off the work of all others.
 */
export class ForeignHandlers {
  readonly #warn: (warning: string) => void
  readonly #uses = new Map<string, Use>()
  #taken: ForeignHandler[] = []
  #left: ForeignHandler[] = []
  /** Those that the log has not named yet. */
  #untold: ForeignHandler[] = []
  readonly #came = new Set<string>()
  #isServing = false
  #isChanging = false
  #isOver = false

  constructor(warn: (warning: string) => void) {
    this.#warn = warn
  }

  /** Installs the handlers of this plugin before all others, and from now on watches the others. */
  watch<T>(signals: Required<SignalOptions> | false, install: () => T): T {
    if (signals === false) return install()
    for (const use of ['stop', 'reload', 'force'] as const) for (const name of signals[use]) this.#uses.set(name, use)
    for (const name of ERRORS) this.#uses.set(name, 'error')
    const found = [...this.#uses.keys()].flatMap((event) => this.#listenersOf(event as NodeJS.Signals))
    findPlaces(found)
    const behind = found.filter((each) => !this.#sort(each) && each.use === 'stop')
    for (const each of behind) this.#withdraw(each)
    const own = this.asOwn(install)
    for (const each of behind) this.#giveBack(each)
    process.on('newListener', this.#onAdded)
    process.on('removeListener', this.#onRemoved)
    return own
  }

  /** Handlers that are added meanwhile belong to this plugin. */
  asOwn<T>(install: () => T): T {
    const note = (_event: string | symbol, listener: ProcessListener) => void OWN.add(listener)
    process.prependListener('newListener' as 'exit', note as () => void)
    try {
      return install()
    } finally {
      process.removeListener('newListener', note)
    }
  }

  /** This process serves: now the log can name the handlers for which the plugin cannot vouch. */
  serves(): void {
    this.#isServing = true
    this.#tell()
  }

  /**
   * This process begins to stop: handlers that are added from now on are for the stop.
   *
   * @param signal - that has come, if one has: Node tells everybody who listens
   */
  leaves(signal: string | undefined): void {
    this.#isOver = true
    if (signal !== undefined) this.#came.add(signal)
  }

  /**
   * Another process, such as a launcher, got the signal instead of this one: the handlers of this process are called.
   */
  hear(signal: string): void {
    if (this.#came.has(signal) || this.#uses.get(signal) !== 'stop') return
    this.#came.add(signal)
    for (const { event, listener } of this.#left.filter(({ event }) => event === signal)) {
      if (!process.listeners(event).includes(listener)) continue
      // If the terminal tells this process as well, that is the same signal.
      process.removeListener(event, listener)
      // As from Node, so that what one throws is an uncaught error of its own.
      setImmediate(() => listener.call(process, event, constants.signals[event]))
    }
  }

  /**
   * The signal that requested a stop, if it was one.
   *
   * @param reason - of the stop
   */
  signalIn(reason: string): string | undefined {
    return this.#uses.has(reason) ? reason : undefined
  }

  /**
   * Runs those that close the app.
   *
   * @param signal - that has come, if one has
   */
  async close(signal: string | undefined): Promise<void> {
    this.#isOver = true
    const listeners = this.#meantBy('closes', signal)
    if (listeners.length > 0) await runWithoutSignal(listeners, signal)
  }

  /**
   * The handlers that end the process when they are done, each as a function to call.
   *
   * @param signal - that has come, if one has
   * @param error - that ends this process, if one does
   */
  enders(signal: string | undefined, error: Error | undefined): Array<() => unknown> {
    this.#isOver = true
    const listeners =
      error === undefined ? this.#meantBy('exits', signal) : distinct(this.#taken.filter(({ use }) => use === 'error'))
    return listeners.map((listener) => () => listener.call(process, error ?? signal))
  }

  /** Puts the handlers back that were taken. */
  release(): void {
    process.removeListener('newListener', this.#onAdded)
    process.removeListener('removeListener', this.#onRemoved)
    for (const each of this.#taken.splice(0)) this.#giveBack(each)
  }

  readonly #onAdded = (event: string | symbol, listener: ProcessListener): void => {
    const use = this.#uses.get(event as string)
    if (this.#isChanging || this.#isOver || use === undefined || OWN.has(listener)) return
    const place = callerOf(process.emit)
    // It is emitted before the listener is there: https://nodejs.org/api/events.html#event-newlistener
    queueMicrotask(() => this.#seeAdded(event as NodeJS.Signals, listener, place))
  }

  #seeAdded(event: NodeJS.Signals, listener: ProcessListener, place: string | undefined): void {
    const found = this.#isOver ? undefined : this.#listenersOf(event).find((each) => each.listener === listener)
    if (found === undefined) return
    found.place = place
    this.#sort(found)
    if (this.#isServing) this.#tell()
  }

  /** A package that removes one of its handlers does not need the others either. */
  readonly #onRemoved = (_event: string | symbol, listener: ProcessListener): void => {
    if (!this.#isChanging) this.#taken = this.#taken.filter((each) => each.listener !== listener)
  }

  /** Takes it, or leaves it where it is. Returns whether it was taken. */
  #sort(found: ForeignHandler): boolean {
    const treatment = treatmentOf(found.kind, found.use)
    if (isToBeTold(found)) this.#untold.push(found)
    if (treatment === 'warn') this.#left.push(found)
    if (treatment !== 'take') return false
    this.#taken.push(found)
    this.#withdraw(found)
    return true
  }

  #withdraw({ event, listener }: ForeignHandler): void {
    this.#isChanging = true
    process.removeListener(event, listener as NodeJS.SignalsListener)
    this.#isChanging = false
  }

  #giveBack({ event, listener, isOnce }: ForeignHandler): void {
    this.#isChanging = true
    process[isOnce ? 'once' : 'on'](event, listener as NodeJS.SignalsListener)
    this.#isChanging = false
  }

  #listenersOf(event: NodeJS.Signals): ForeignHandler[] {
    const use = this.#uses.get(event) as Use
    return process.rawListeners(event).flatMap((raw): ForeignHandler[] => {
      const listener = (raw as { listener?: ProcessListener }).listener ?? (raw as ProcessListener)
      if (OWN.has(listener)) return []
      const kind = use === 'error' ? (isGraceErrorListener(listener) ? 'exits' : 'unknown') : kindOf(listener)
      return [{ event, use, listener, kind, isOnce: raw !== listener, place: undefined }]
    })
  }

  /** The handlers of the signal that has come; of any signal, if none has. */
  #meantBy(kind: HandlerKind, signal: string | undefined): ProcessListener[] {
    const isMeant = ({ event, use }: ForeignHandler) => use !== 'error' && (signal === undefined || event === signal)
    return distinct(this.#taken.filter((each) => each.kind === kind && isMeant(each)))
  }

  #tell(): void {
    for (const warning of warningsOf(this.#untold.splice(0))) this.#warn(warning)
  }
}

/** Finds the places of handlers, as long as all that listen to a signal are there. */
function findPlaces(found: readonly ForeignHandler[]): void {
  for (const event of new Set(found.filter(isToBeTold).map((each) => each.event))) {
    const places = placesOfListeners(event)
    const listeners: ProcessListener[] = process.listeners(event)
    for (const each of found) if (each.event === event) each.place = places[listeners.indexOf(each.listener)]
  }
}

function distinct(found: readonly ForeignHandler[]): ProcessListener[] {
  return [...new Set(found.map(({ listener }) => listener))]
}
