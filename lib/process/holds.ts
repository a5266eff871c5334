/** Work in the background that a drain waits for. */
export class Holds {
  readonly #names = new Map<symbol, string>()
  readonly #releasedCallbacks = new Set<() => void>()

  /** Returns the function that releases the hold; a second call of it does nothing. */
  hold(name: string): () => void {
    const key = Symbol(name)
    this.#names.set(key, name)
    return () => {
      if (this.#names.delete(key)) for (const callback of this.#releasedCallbacks) callback()
    }
  }

  /** The names of the holds that nobody has released. */
  get names(): string[] {
    return [...this.#names.values()]
  }

  /** Calls back whenever a hold is released, until the returned function is called. */
  onReleased(callback: () => void): () => void {
    this.#releasedCallbacks.add(callback)
    return () => this.#releasedCallbacks.delete(callback)
  }
}
