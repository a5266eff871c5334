/** A handler of this process that is there only as long as nobody else listens to the same event. */
export class YieldingHandler {
  readonly #event: 'uncaughtException'
  readonly #isForeign: (listener: NodeJS.UncaughtExceptionListener) => boolean
  readonly #install: () => { uninstall(): void }
  #installed: { uninstall(): void } | undefined
  #isChanging = false

  /**
   * @param isForeign - whether a listener is one to which this one yields
   * @param install - adds the handler; what is returned takes it away again
   */
  constructor(
    event: 'uncaughtException',
    isForeign: (listener: NodeJS.UncaughtExceptionListener) => boolean,
    install: () => { uninstall(): void }
  ) {
    this.#event = event
    this.#isForeign = isForeign
    this.#install = install
    // Emitted before the new one is there, and after the old one has gone:
    // https://nodejs.org/api/events.html#event-newlistener
    process.on('newListener', this.#onAdded)
    process.on('removeListener', this.#onRemoved)
    this.#adapt([])
  }

  uninstall(): void {
    process.removeListener('newListener', this.#onAdded)
    process.removeListener('removeListener', this.#onRemoved)
    this.#installed?.uninstall()
    this.#installed = undefined
  }

  readonly #onAdded = (event: string | symbol, listener: NodeJS.UncaughtExceptionListener): void => {
    if (event === this.#event) this.#adapt([listener])
  }

  readonly #onRemoved = (event: string | symbol): void => {
    if (event === this.#event) this.#adapt([])
  }

  #adapt(added: NodeJS.UncaughtExceptionListener[]): void {
    if (this.#isChanging) return
    this.#isChanging = true
    try {
      const listeners = [...process.listeners(this.#event), ...added]
      if (!listeners.some(this.#isForeign)) this.#installed ??= this.#install()
      else {
        this.#installed?.uninstall()
        this.#installed = undefined
      }
    } finally {
      this.#isChanging = false
    }
  }
}
